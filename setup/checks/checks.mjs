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

/**
 * What takes long and need not be seen at each change: faults many times over. Run alone, behind all others.
 * @type {readonly Check[]}
 */
export const longChecks = [
  {
    ...testsOf('e2e', 'faults, many times'),
    args: [...testsOf('e2e', '').args, 'e2e/faults'],
    env: { BOATLOAD_TEST_KILLS: '20', BOATLOAD_TEST_SUBMISSIONS: '100' },
    again: 'BOATLOAD_TEST_KILLS=20 BOATLOAD_TEST_SUBMISSIONS=100 npx vitest run --project e2e e2e/faults',
  },
];

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
