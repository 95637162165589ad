import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { EngineRig } from '../harness/engine-rig.ts';

it('an attempt that is removed at any moment of its preparation leaves nothing', async () => {
  await using rig = await EngineRig.open();
  const satellite = await rig.satellite();
  const source = rig.upload('true');
  const refs = await Promise.all(
    Array.from({ length: 40 }, async (_, at) => {
      const order = rig.order({ script: { name: 'a.sh', source } });
      const prepared = satellite.prepare(order).catch(() => undefined);
      // The fault is to come at another moment each time.
      await pause(at * 5);
      await satellite.remove(order.ref);
      await prepared;
      return order.ref;
    }),
  );
  // The Engine takes requests one after the other: what it still had in hand when we looked away is done by now.
  const last = rig.order({ script: { name: 'a.sh', source } });
  await satellite.prepare(last);
  await satellite.remove(last.ref);
  for (const ref of [...refs, last.ref]) expect(await rig.leftovers(ref)).toEqual([]);
}, 60_000);
