import { expect, it } from 'vitest';
import { EventWatch } from '../../src/conformance/event-watch.ts';
import { tarOf } from '../cache/cache-rig.ts';
import { EngineRig } from '../harness/engine-rig.ts';

it.runIf(process.getuid?.() === 0)(
  'a satellite without views keeps, reads and removes those of the one before',
  async () => {
    await using rig = await EngineRig.open();
    const order = rig.order({
      args: ['sh', '-c', 'rm /data/a && cat /data/b > /data/c'],
      data: { source: rig.upload(tarOf({ a: 'first', b: 'second' })) },
      datapath: '/data',
    });
    const first = await rig.satellite();
    await first.prepare(order);
    await first[Symbol.asyncDispose]();

    const satellite = await rig.satellite({ views: false });
    expect(await satellite.cache.list()).toMatchObject([{ form: 'tree', in_use: 1 }]);
    expect(await satellite.cache.collect()).toEqual([]);
    await satellite.start(order.ref);
    await using watch = new EventWatch(satellite);
    expect(await watch.phase(order.ref, 'ended')).toMatchObject({ exitCode: 0 });
    const changes: string[] = [];
    for await (const { kind, path } of satellite.changes(order.ref)) changes.push(`${kind} ${path}`);
    expect(changes).toEqual(['deleted /data/a', 'added /data/c']);
    await satellite.remove(order.ref);
    expect(await rig.leftovers(order.ref)).toEqual([]);
    expect(await satellite.cache.list()).toEqual([]);
  },
);
