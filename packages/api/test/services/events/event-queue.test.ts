import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { stateEvent } from '../../../src/services/events/container-event.ts';
import { EventQueue } from '../../../src/services/events/event-queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const progress = (done: number) => ({ step: 'fetching data', done, total: 100 });
const state = (container: string, seq: number) =>
  stateEvent(container, { seq, at: '', state: 'staging', attempt: 1, reason: null, reason_code: null, progress: null });

describe('progress', () => {
  test('is told at most every quarter of a second, the latest word each time', async () => {
    const { queue, told } = open();
    for (let done = 0; done <= 100; done += 1) {
      queue.pushProgress('a', progress(done));
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(['a 0', 'a 24', 'a 49', 'a 74', 'a 99', 'a 100']);
  });

  test('of one container does not hold back that of another', async () => {
    const { queue, told } = open();
    for (const done of [1, 2]) for (const id of ['a', 'b']) queue.pushProgress(id, progress(done));
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['a 1', 'b 1']);
    await vi.advanceTimersByTimeAsync(250);
    expect(told).toEqual(['a 1', 'b 1', 'a 2', 'b 2']);
  });

  test('that is held back comes before the next state, or when there is no more', async () => {
    const { queue, told } = open();
    for (const done of [1, 2]) queue.pushProgress('a', progress(done));
    queue.push(state('a', 3));
    for (const done of [3, 4]) queue.pushProgress('a', progress(done));
    queue.pushProgress('a', undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['a 1', 'a 2', 'a state 3', 'a 4']);
  });
});

test('states come each, in their order', async () => {
  const { queue, told } = open();
  for (const seq of [1, 2, 2, 3]) queue.push(state('a', seq));
  await vi.advanceTimersByTimeAsync(0);
  queue.push(state('b', 1));
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(['a state 1', 'a state 2', 'a state 2', 'a state 3', 'b state 1']);
});

test('a reader who is too slow is told so instead of filling the memory', async () => {
  const queue = new EventQueue({ longest: 10 });
  for (let seq = 1; seq <= 10; seq += 1) queue.push(state('a', seq));
  const events = queue.read(new AbortController().signal);
  expect((await events.next()).value).toMatchObject({ data: { seq: 1 } });
  for (const done of [1, 2]) queue.pushProgress('b', progress(done));
  expect(vi.getTimerCount()).toBe(1);
  for (let seq = 11; seq <= 100; seq += 1) queue.push(state('a', seq));
  // Nothing is held for a reader who has stopped reading, until he reads on or leaves.
  expect(vi.getTimerCount()).toBe(0);
  await expect(events.next()).rejects.toMatchObject({ code: 'conflict' });
});

test('a reader who gives up is let go', async () => {
  const abort = new AbortController();
  const next = new EventQueue().read(abort.signal).next();
  abort.abort();
  await expect(next).rejects.toMatchObject({ name: 'AbortError' });
});

/** A queue, and what its reader has had. */
function open() {
  const queue = new EventQueue();
  const told: string[] = [];
  void (async () => {
    for await (const { kind, data } of queue.read(new AbortController().signal)) {
      if ('done' in data) told.push(`${data.container} ${data.done}`);
      else if ('seq' in data) told.push(`${data.container} ${kind} ${data.seq}`);
    }
  })();
  return { queue, told };
}
