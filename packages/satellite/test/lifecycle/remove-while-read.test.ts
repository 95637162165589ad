import { expect, it } from 'vitest';
import { runToEnd } from '../../src/conformance/run-order.ts';
import { EngineRig } from '../harness/engine-rig.ts';

const big = 64 * 1024 * 1024;

it('an attempt is removed though somebody has stopped reading its files halfway', async () => {
  await using rig = await EngineRig.open();
  const satellite = await rig.satellite();
  const source = rig.upload(`head -c ${big} /dev/zero > /big`);
  const order = rig.order({ script: { name: 'fill.sh', source } });
  await runToEnd(satellite, order);
  const reading = satellite.read(order.ref, Buffer.from('/big'))[Symbol.asyncIterator]();
  expect(await reading.next()).toMatchObject({ done: false });
  await satellite.remove(order.ref, { signal: AbortSignal.timeout(10_000) });
  expect(await rig.leftovers(order.ref)).toEqual([]);
  const rest = async (): Promise<void> => {
    while ((await reading.next()).done !== true);
  };
  await expect(rest()).rejects.toMatchObject({ code: 'conflict' });
}, 60_000);
