import type { AttemptStatus } from '@boatload/contract';
import { expect } from 'vitest';
import type { BackendCheck } from './describe-backend.ts';
import { EventWatch, isOf } from './watch.ts';

export const eventChecks = {
  async restarts({ backend, order }) {
    await using watch = new EventWatch(backend);
    const asked = order('sleep 0.5; exit 7', { restartAlways: true });
    await backend.launch(asked);
    const again = await watch.until(
      (event): event is AttemptStatus => isOf(event, asked.ref) && event.phase === 'running' && event.starts >= 2,
    );
    expect(Date.parse(again.startedAt ?? '')).toBeGreaterThan(0);
    await backend.stop(asked.ref);
    expect(await backend.status(asked.ref)).toMatchObject({ phase: 'ended' });
  },

  async eventsFirst({ backend, order }) {
    const running = order('sleep 1000');
    const refused = order('', { entrypoint: ['/no/such/command'], args: [] });
    await backend.launch(running);
    await backend.launch(refused);
    await using watch = new EventWatch(backend);
    await watch.synced();
    const before = watch.seen.slice(0, watch.seen.indexOf('synced'));
    expect(before.some((event) => isOf(event, running.ref) && event.phase === 'running')).toBe(true);
    expect(before.some((event) => isOf(event, refused.ref) && event.phase === 'start_failed')).toBe(true);
    await backend.stop(running.ref, { graceSeconds: 0 });
    expect(await watch.phase(running.ref, 'ended')).toMatchObject({ exitCode: 137 });
  },

  async eventsEnd({ backend }) {
    const watch = new EventWatch(backend);
    await watch.synced();
    await watch[Symbol.asyncDispose]();
  },
} satisfies Record<string, BackendCheck>;
