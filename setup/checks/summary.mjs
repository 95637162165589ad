/**
 * One line on a check that has ended.
 * @param {import('./run-check.mjs').Outcome} outcome
 */
export function describeOutcome({ check, ok, seconds, counts }) {
  const time = `${seconds.toFixed(1).padStart(6)} s`;
  return `  ${ok ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(24)}${time}${describeTests(check, counts)}`;
}

/**
 * All checks in one view, the failed ones with what repeats them. Its last line counts the tests, each check
 * that is no run of tests as one.
 * @param {readonly import('./run-check.mjs').Outcome[]} outcomes
 * @param {number} seconds
 */
export function summarise(outcomes, seconds) {
  const sum = (/** @type {'passed' | 'failed'} */ what) => outcomes.reduce((all, { counts }) => all + counts[what], 0);
  const failed = outcomes.filter((outcome) => !outcome.ok);
  return [
    `Summary, after ${seconds.toFixed(0)} s`,
    ...outcomes.map((outcome) => describeOutcome(outcome)),
    ...(failed.length === 0
      ? []
      : ['', 'To repeat alone what failed:', ...failed.map(({ check }) => `  ${check.again}`)]),
    '',
    `${sum('passed')} passed, ${sum('failed')} failed`,
  ].join('\n');
}

/**
 * @param {import('./checks.mjs').Check} check
 * @param {import('./test-results.mjs').Counts} counts
 */
function describeTests(check, counts) {
  if (check.results === undefined) return '';
  const words = [`${counts.passed} passed`];
  if (counts.failed > 0) words.push(`${counts.failed} failed`);
  if (counts.skipped > 0) words.push(`${counts.skipped} skipped`);
  return `   ${words.join(', ')}`;
}
