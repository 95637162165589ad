import { expect, test } from 'vitest';
import { thinProgress } from '../../src/staging/report-progress.ts';

test('the end of each step is told, and then what is still waited for', () => {
  const told: string[] = [];
  const report = thinProgress(({ step, done, total }) => void told.push(`${step} ${done}/${total}`));
  report('pulling image', 1, 9);
  report('fetching data', 0, undefined);
  report('fetching data', 5, undefined);
  report('fetching data', 7, 7);
  report('pulling image', 9, 9);
  expect(told).toEqual([
    'pulling image 1/9',
    'fetching data 0/undefined',
    'fetching data 7/7',
    'pulling image 1/9',
    'pulling image 9/9',
  ]);
});
