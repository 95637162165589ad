import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * Counts the tests of a run from what vitest's JSON reporter wrote. What failed without being a test (a file
 * that cannot be loaded, an error outside any test, a run that wrote nothing) counts as one failed test each.
 * @param {string} file
 * @param {boolean} succeeded Whether the run as a whole did, by its exit code.
 * @returns {Counts}
 */
export function countTests(file, succeeded) {
  const results = readResults(file);
  if (results === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const broken = results.testResults.filter(
    (suite) => suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = results.numFailedTests + broken.length;
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && !succeeded ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/**
 * @typedef {object} Results
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {readonly { readonly status: string, readonly assertionResults: readonly { readonly status: string }[] }[]} testResults
 */

/**
 * @param {string} file
 * @returns {Results | undefined}
 */
function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
