import { lanes, longChecks, types } from './checks/checks.mjs';
import { runCheck } from './checks/run-check.mjs';
import { describeOutcome, summarise } from './checks/summary.mjs';
import { SetupFailure } from './failure.mjs';
import { setUp } from './setup.mjs';

// node setup/check.mjs [--long]: sets up, then runs every check and says in one summary how they went; with --long
// also what takes long.
const began = performance.now();

try {
  const { dockerHost, spoke } = await setUp({ compile: false });
  if (spoke) console.log();
  console.log('Checking');
  const env = { DOCKER_HOST: dockerHost };
  const first = await runAll([types], env);
  const rest = await Promise.all(lanes.map((lane) => runAll(lane, env)));
  const long = process.argv.includes('--long') ? await runAll(longChecks, env) : [];
  const outcomes = [...first, ...rest.flat(), ...long];
  console.log(`\n${summarise(outcomes, (performance.now() - began) / 1000)}`);
  process.exitCode = outcomes.every((outcome) => outcome.ok) ? 0 : 1;
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(`\n${error.message}\n\n0 passed, 1 failed`);
  process.exitCode = 1;
}

/**
 * Runs checks one after the other, telling how each went; whatever a failed one printed is shown whole.
 * @param {readonly import('./checks/checks.mjs').Check[]} checks
 * @param {Readonly<Record<string, string>>} env
 */
async function runAll(checks, env) {
  const outcomes = [];
  for (const check of checks) {
    const outcome = await runCheck(check, env);
    outcomes.push(outcome);
    console.log(describeOutcome(outcome));
    if (!outcome.ok) console.log(`\n${outcome.output.trimEnd()}\n`);
  }
  return outcomes;
}
