import { expect, test } from 'vitest';
import { thinProgress } from '../../src/staging/report-progress.ts';

test('the end of each step is told, and then what is still waited for', () => {
  const told: string[] = [];
  const { report } = thinProgress(({ step, done, total }) => void told.push(`${step} ${done}/${total}`));
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

test('what had come is told when a preparation fails, however lately it was told before', () => {
  const told: number[] = [];
  const { report, tellUnfinished } = thinProgress(({ done }) => void told.push(done));
  report('fetching data', 0, 9);
  report('fetching data', 5, 9);
  tellUnfinished();
  expect(told).toEqual([0, 5]);
});
