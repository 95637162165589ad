import { once } from 'node:events';
import { expect, test } from 'vitest';
import { limitStall } from '../src/limit-stall.ts';

const never = new AbortController().signal;

/** Gives numbers as fast as they are taken, until it is told to stop. */
async function* numbers(signal: AbortSignal): AsyncGenerator<number> {
  for (let next = 0; ; next += 1) {
    signal.throwIfAborted();
    yield next;
  }
}

test('a reader that takes nothing for too long loses what it read from', async () => {
  let given: AbortSignal | undefined;
  const items = limitStall(
    (signal) => {
      given = signal;
      return numbers(signal);
    },
    { signal: never, patience: 20 },
  );
  expect((await items.next()).value).toBe(0);
  if (given?.aborted === false) await once(given, 'abort');
  await expect(items.next()).rejects.toMatchObject({ code: 'conflict' });
});

test('a reader that goes on is left alone, however long the whole takes', async () => {
  const seen: number[] = [];
  for await (const item of limitStall(numbers, { signal: never, patience: 10_000 })) {
    seen.push(item);
    if (item === 1_000) break;
  }
  expect(seen).toHaveLength(1_001);
});

test('the caller can still give up', async () => {
  const caller = new AbortController();
  const items = limitStall(numbers, { signal: caller.signal, patience: 10_000 });
  await items.next();
  caller.abort(new Error('gone'));
  await expect(items.next()).rejects.toThrow('gone');
});
