import { describe, expect, it } from 'vitest';
import { KeyedLock } from '../../src/lifecycle/keyed-lock.ts';

interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

function makeGate(): Gate {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

describe('a keyed lock', () => {
  it('runs what has the same key in order, one after the other, also after a failure', async () => {
    const lock = new KeyedLock();
    const steps: string[] = [];
    const gate = makeGate();
    const first = lock.run('a', async () => {
      steps.push('first begins');
      await gate.passed;
      steps.push('first ends');
      throw new Error('failed');
    });
    const second = lock.run('a', async () => steps.push('second'));
    gate.open();
    await expect(first).rejects.toThrow('failed');
    await second;
    expect(steps).toEqual(['first begins', 'first ends', 'second']);
  });

  it('lets other keys pass', async () => {
    const lock = new KeyedLock();
    const gate = makeGate();
    const first = lock.run('a', () => gate.passed);
    await lock.run('b', async () => undefined);
    gate.open();
    await first;
  });

  it('lets go whoever gives up the wait, and does not run its work', async () => {
    const lock = new KeyedLock();
    const gate = makeGate();
    const caller = new AbortController();
    let ran = false;
    const first = lock.run('a', () => gate.passed);
    const second = lock.run('a', async () => (ran = true), caller.signal);
    caller.abort();
    await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    gate.open();
    await first;
    await lock.drain();
    expect(ran).toBe(false);
  });
});
