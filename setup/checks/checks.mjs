import { join } from 'node:path';
import { localProgram, logs } from '../root.mjs';

/**
 * @typedef {object} Check
 * @property {string} name As the summary names it.
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} again What to type to repeat it alone.
 * @property {Readonly<Record<string, string>>} [env] Beside the environment of all checks.
 * @property {string} [results] File that gets the results of its tests, where it is a run of tests.
 */

// Biome colours what it prints even where nobody sees it as such.
const colors = process.stdout.isTTY ? 'force' : 'off';

/**
 * Compiles, which the end-to-end tests need: always first.
 * @type {Check}
 */
export const types = { name: 'types', command: localProgram('tsc'), args: ['-b'], again: 'npx tsc -b' };

/**
 * Lists of checks that may run side by side; the checks of one list run one after the other.
 * @type {readonly (readonly Check[])[]}
 */
export const lanes = [
  [
    {
      name: 'format and lint',
      command: localProgram('biome'),
      args: ['ci', `--colors=${colors}`, '.'],
      again: 'npx biome ci .',
    },
    testsOf('walls', 'walls between packages'),
    { name: 'unused code', command: localProgram('knip'), args: [], again: 'npx knip' },
    testsOf('e2e', 'end-to-end tests'),
  ],
  [testsOf('unit', 'unit tests')],
];

/** How much the tests of faults and of scale take on, where there is time. */
const longCounts = {
  BOATLOAD_TEST_KILLS: '20',
  BOATLOAD_TEST_SUBMISSIONS: '100',
  BOATLOAD_TEST_STAGING_KILLS: '50',
  BOATLOAD_TEST_DATA_MIB: '1024',
};

/**
 * What takes long and need not be seen at each change: faults many times over, data at their full size. Run alone,
 * behind all others.
 * @type {readonly Check[]}
 */
export const longChecks = [longCheck('e2e/faults', 'faults, many times'), longCheck('e2e/scale', 'data at full size')];

/**
 * @param {string} folder Of the tests.
 * @param {string} name
 * @returns {Check}
 */
function longCheck(folder, name) {
  const check = testsOf('e2e', name);
  const counts = Object.entries(longCounts).map(([key, value]) => `${key}=${value}`);
  const again = `${counts.join(' ')} npx vitest run --project e2e ${folder}`;
  return { ...check, args: [...check.args, folder], env: longCounts, again };
}

/**
 * @param {string} project As vitest.config.ts names it.
 * @param {string} name
 * @returns {Check}
 */
function testsOf(project, name) {
  const results = join(logs, `tests-${project}.json`);
  return {
    name,
    command: localProgram('vitest'),
    args: ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${results}`],
    again: `npx vitest run --project ${project}`,
    results,
  };
}
