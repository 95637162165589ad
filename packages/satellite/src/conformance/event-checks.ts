import type { AttemptOrder } from '@boatload/contract';
import { expect } from 'vitest';
import type { SatelliteCheck } from './describe-satellite.ts';
import { EventWatch, isOf } from './event-watch.ts';
import { runToEnd } from './run-order.ts';

export const eventChecks = {
  async restarts({ satellite, order }) {
    const asked = order({ args: ['sh', '-c', 'exit 7'], restartAlways: true });
    await using watch = new EventWatch(satellite);
    await satellite.prepare(asked);
    await satellite.start(asked.ref);
    await watch.until((event) => isOf(event, asked.ref) && event.starts >= 2);
    await satellite.stop(asked.ref);
    expect(await satellite.status(asked.ref)).toMatchObject({ phase: 'ended', exitCode: 7 });
  },

  async eventsFirst({ satellite, order }) {
    const created = order({ args: ['true'] });
    const ended = order({ args: ['sh', '-c', 'exit 9'] });
    const refused = order({ entrypoint: ['/no/such/command'] });
    await satellite.prepare(created);
    await runToEnd(satellite, ended);
    await satellite.prepare(refused);
    await satellite.start(refused.ref);
    await using watch = new EventWatch(satellite);
    await watch.synced();
    const first = watch.seen.slice(0, watch.seen.indexOf('synced'));
    const statuses = first.filter((event) => event !== 'synced');
    const phasesOf = ({ ref }: AttemptOrder) =>
      statuses.filter((status) => isOf(status, ref)).map(({ phase }) => phase);
    expect([created, ended, refused].map(phasesOf)).toEqual([['created'], ['ended'], ['start_failed']]);
  },

  async eventsAfter({ satellite, order }) {
    const asked = order({ args: ['sh', '-c', 'while :; do sleep 0.1; done'] });
    await satellite.prepare(asked);
    await using watch = new EventWatch(satellite);
    await watch.synced();
    await satellite.start(asked.ref);
    await watch.phase(asked.ref, 'running');
    await satellite.stop(asked.ref, { graceSeconds: 0 });
    await watch.phase(asked.ref, 'ended');
    await satellite.remove(asked.ref);
    await watch.phase(asked.ref, 'absent');
    expect(watch.seen.filter((event) => isOf(event, asked.ref) && event.phase === 'lost')).toEqual([]);
  },

  async eventsEnd({ satellite }) {
    const watch = new EventWatch(satellite);
    await watch.synced();
    await watch[Symbol.asyncDispose]();
  },
} satisfies Record<string, SatelliteCheck>;
