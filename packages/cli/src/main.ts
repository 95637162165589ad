import { CommanderError } from 'commander';
import { describeFailure } from './describe-failure.ts';
import { createProgram } from './program.ts';

/** Ended as asked. */
const ok = 0;
/** What was asked could not be done, or was broken off. */
const failure = 1;
/** The command line makes no sense. */
const usage = 2;

process.exit(await run(process.argv.slice(2)));

async function run(words: readonly string[]): Promise<number> {
  try {
    await createProgram(endOnSignal()).parseAsync(words, { from: 'user' });
    return ok;
  } catch (error) {
    // Commander has told the user by then, whether it is help, the version or a mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ok : usage;
    process.stderr.write(`boatload: ${describeFailure(error)}\n`);
    return failure;
  }
}

/** Aborted by the first signal to end; a second one ends the process at once. */
function endOnSignal(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(failure);
      ending.abort();
    });
  }
  return ending.signal;
}
