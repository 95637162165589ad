import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const program = fileURLToPath(new URL('../bin/boatload.js', import.meta.url));

/** Less than a test may take. */
const patienceMs = 50_000;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What stands on standard input. Default nothing. */
  readonly input?: string;
  /** Beside PATH and HOME, all of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that it is run in. Default: this process's. */
  readonly cwd?: string;
  /** Told of the process as soon as there is one. */
  readonly onStart?: (child: ChildProcessWithoutNullStreams) => void;
  /** Told all of standard output so far, whenever there is more. */
  readonly onOutput?: (text: string, child: ChildProcessWithoutNullStreams) => void;
}

/** Runs the built command until it ends; one that takes too long is killed, so that nothing outlives its test. */
export async function runBoatload(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input = '', env = {}, cwd, onStart, onOutput } = options;
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [program, ...words], {
    env: { PATH, HOME, ...env },
    cwd,
    killSignal: 'SIGKILL',
    timeout: patienceMs,
  });
  onStart?.(child);
  child.stdin.on('error', () => undefined).end(input);
  let output = '';
  child.stdout.on('data', (chunk: Buffer | string) => {
    output += chunk.toString();
    onOutput?.(output, child);
  });
  return collect(child);
}

/** Runs the built command on a terminal, answering each of its questions in turn; both outputs are in `stdout`. */
export async function runOnTerminal(words: readonly string[], answers: readonly string[]): Promise<Ended> {
  const command = [process.execPath, program, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null']);
  const left = [...answers];
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString('utf8');
    if (!/Password[^\n]*: $/.test(seen)) return;
    seen = '';
    child.stdin.write(left.shift() ?? '\u0003');
  });
  return collect(child);
}

async function collect(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code: code ?? 137, ...output };
}
