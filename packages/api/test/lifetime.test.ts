import { expect, test } from 'vitest';
import { Lifetime } from '../src/lifetime.ts';

test('closes in reverse order, once, and goes on when something fails', async () => {
  const closed: string[] = [];
  const lifetime = new Lifetime();
  lifetime.defer(() => void closed.push('first'));
  lifetime.defer(() => {
    closed.push('second');
    throw new Error('second');
  });
  lifetime.defer(async () => void closed.push('third'));
  await expect(lifetime.close()).rejects.toThrow(AggregateError);
  await expect(lifetime.close()).rejects.toThrow(AggregateError);
  expect(closed).toEqual(['third', 'second', 'first']);
});
