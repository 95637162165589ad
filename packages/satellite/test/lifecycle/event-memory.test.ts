import type { AttemptStatus } from '@boatload/contract';
import { expect, test } from 'vitest';
import { EventMemory } from '../../src/lifecycle/event-memory.ts';

const ref = { container: 'a'.repeat(32), attempt: 1 };
const status: AttemptStatus = { ref, node: 'n', phase: 'ended', starts: 1, oomKilled: false, dockerState: {} };

function remember(...actions: readonly (readonly [action: string, exitCode?: number])[]): EventMemory {
  const memory = new EventMemory();
  for (const [action, exitCode] of actions) {
    memory.note(ref, { action, id: 'c', labels: {}, ...(exitCode === undefined ? {} : { exitCode }) });
  }
  return memory;
}

test('that memory ran out is known also where the Engine noted the end first', () => {
  const told = remember(['start'], ['die', 137], ['oom']).complete(status);
  expect(told).toMatchObject({ oomKilled: true, dockerState: { OOMKilled: true } });
});

test('that memory ran out in one start is not said of the next', () => {
  expect(remember(['oom'], ['die', 137], ['start'], ['die', 0]).complete(status)).toBe(status);
});

test('how the start before ended is known while the next one runs', () => {
  const running: AttemptStatus = { ...status, phase: 'running', starts: 2 };
  expect(remember(['die', 3], ['start']).complete(running)).toEqual({ ...running, previousExitCode: 3 });
  expect(remember(['start']).complete(running)).toBe(running);
});

test('nothing is remembered of what is gone', () => {
  expect(remember(['oom'], ['die', 137], ['destroy']).complete(status)).toBe(status);
});
