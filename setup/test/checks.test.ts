import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCheck } from '../checks/run-check.mjs';
import { summarise } from '../checks/summary.mjs';
import { countTests } from '../checks/test-results.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boatload-checks-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function results(testResults: readonly object[], numbers: object = {}): string {
  const file = join(folder, 'results.json');
  const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  writeFileSync(file, JSON.stringify({ ...none, ...numbers, testResults }));
  return file;
}

describe('tests are counted', () => {
  test('as passed, failed and skipped', () => {
    const file = results([{ status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] }], {
      numPassedTests: 3,
      numFailedTests: 1,
      numPendingTests: 2,
    });
    expect(countTests(file, false)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  test('with a file that cannot be loaded as one that failed', () => {
    expect(countTests(results([{ status: 'failed', assertionResults: [] }], { numPassedTests: 3 }), false)).toEqual({
      passed: 3,
      failed: 1,
      skipped: 0,
    });
  });

  test.each([
    ['a run that fails although all its tests passed', true],
    ['a run that left no results', false],
  ])('with %s as one that failed', (_, wrote) => {
    const file = wrote ? results([]) : join(folder, 'nothing.json');
    expect(countTests(file, false).failed).toBe(1);
  });
});

describe('a check', () => {
  const check = (script: string) => ({
    name: 'try',
    command: process.execPath,
    args: ['-e', script],
    again: 'try again',
  });

  test('passes with exit code 0 and counts as one test', async () => {
    const outcome = await runCheck(check(''), {});
    expect([outcome.ok, outcome.counts]).toEqual([true, { passed: 1, failed: 0, skipped: 0 }]);
  });

  test('fails with another exit code, and what it printed is kept', async () => {
    const outcome = await runCheck(check('console.log("out"); console.error("err"); process.exit(2)'), {});
    expect([outcome.ok, outcome.output]).toEqual([false, 'out\nerr\n']);
  });

  test('fails when it cannot be run', async () => {
    const outcome = await runCheck({ ...check(''), command: join(folder, 'nothing') }, {});
    expect(outcome.ok).toBe(false);
  });

  test('ends up in a summary whose last line counts, and which says how to repeat what failed', async () => {
    const outcomes = [await runCheck(check(''), {}), await runCheck(check('process.exit(1)'), {})];
    const lines = summarise(outcomes, 1).split('\n');
    expect(lines).toContain('  try again');
    expect(lines.at(-1)).toBe('1 passed, 1 failed');
  });
});
