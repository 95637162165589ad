import { expect } from 'vitest';
import type { BackendCheck } from './describe-backend.ts';
import { outputOf } from './launch-checks.ts';
import { EventWatch } from './watch.ts';

export const removalChecks = {
  async stops({ backend, order }) {
    await using watch = new EventWatch(backend);
    const asked = order('trap "echo stopped; exit 5" TERM; echo started; while :; do sleep 0.1; done');
    await backend.launch(asked);
    await backend.stop(asked.ref, { graceSeconds: 20 });
    expect(await watch.phase(asked.ref, 'ended')).toMatchObject({ exitCode: 5 });
    expect(await outputOf(backend, asked.ref)).toContain('stopped\n');
  },

  async stopsNothing({ backend, order }) {
    await using watch = new EventWatch(backend);
    const never = order('true');
    await backend.stop(never.ref);
    expect(await backend.status(never.ref)).toMatchObject({ phase: 'absent' });
    const over = order('exit 6');
    await backend.launch(over);
    await watch.phase(over.ref, 'ended');
    await backend.stop(over.ref);
    expect(await backend.status(over.ref)).toMatchObject({ phase: 'ended', exitCode: 6 });
  },

  async removesRunning({ backend, order, leftovers }) {
    const asked = order('sleep 1000', { datapath: '/data' });
    await backend.launch(asked);
    expect(await leftovers(asked.ref)).not.toEqual([]);
    await backend.remove(asked.ref);
    expect(await leftovers(asked.ref)).toEqual([]);
    expect(await backend.status(asked.ref)).toMatchObject({ phase: 'absent' });
    expect(await backend.satelliteOf(asked.ref)).toBeUndefined();
  },

  async removesAgain({ backend, order }) {
    const asked = order('true');
    await backend.remove(asked.ref);
    await backend.launch(asked);
    await Promise.all([backend.remove(asked.ref), backend.remove(asked.ref)]);
    await backend.remove(asked.ref);
    expect(await backend.status(asked.ref)).toMatchObject({ phase: 'absent' });
  },
} satisfies Record<string, BackendCheck>;
