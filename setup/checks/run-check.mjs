import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { root } from '../root.mjs';
import { countTests } from './test-results.mjs';

/**
 * @typedef {object} Outcome
 * @property {import('./checks.mjs').Check} check
 * @property {boolean} ok
 * @property {number} seconds
 * @property {import('./test-results.mjs').Counts} counts Of its tests; what is no run of tests counts as one.
 * @property {string} output
 */

/**
 * Runs one check. Its output is kept, and is short where all is well: a check of our own code.
 * @param {import('./checks.mjs').Check} check
 * @param {Readonly<Record<string, string>>} env Beside the environment of this process.
 * @returns {Promise<Outcome>}
 */
export async function runCheck(check, env) {
  const began = performance.now();
  if (check.results !== undefined) rmSync(check.results, { force: true });
  const { code, output } = await capture(check, env);
  const ok = code === 0;
  const alone = { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
  const counts = check.results === undefined ? alone : countTests(check.results, ok);
  return { check, ok: ok && counts.failed === 0, seconds: (performance.now() - began) / 1000, counts, output };
}

/**
 * @param {import('./checks.mjs').Check} check
 * @param {Readonly<Record<string, string>>} env
 * @returns {Promise<{ readonly code: number, readonly output: string }>}
 */
function capture({ command, args, env: own }, env) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env, ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  /** @type {Buffer[]} */
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  const output = () => Buffer.concat(chunks).toString('utf8');
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code: code ?? 1, output: output() }));
    child.once('error', (error) => resolve({ code: 127, output: `${output()}${error.message}\n` }));
  });
}
