import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptOrder, Satellite } from '@boatload/contract';
import { inspectContainer, renameContainer, startContainer } from '@boatload/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventWatch } from '../../src/conformance/event-watch.ts';
import { outputOf } from '../../src/conformance/run-order.ts';
import { attemptKey, permitName } from '../../src/state/attempt-store.ts';
import { EngineGate } from '../harness/engine-gate.ts';
import { EngineRig } from '../harness/engine-rig.ts';

let rig: EngineRig;
let order: AttemptOrder;

beforeEach(async () => {
  rig = await EngineRig.open();
  order = rig.order({ args: ['sh', '-c', 'echo ran >> /runs; cat /runs'] });
});

afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

/** What a satellite leaves that was killed right after it used the permit of a generation. */
async function leavePermit(generation: number): Promise<void> {
  const file = join(rig.stateDir, 'attempts', attemptKey(order.ref), `permit-${generation}`);
  await writeFile(file, permitName(order.ref, generation), { flag: 'wx' });
}

/** Starts as a satellite does after a crash of the one before, and tells how often the container ran. */
async function startAgain(satellite: Satellite): Promise<string> {
  await using watch = new EventWatch(satellite);
  const { phase } = await satellite.start(order.ref);
  expect(['running', 'ended']).toContain(phase);
  await watch.phase(order.ref, 'ended');
  return (await outputOf(satellite, order.ref)).stdout;
}

async function nameOnEngine(): Promise<string | undefined> {
  return (await inspectContainer(rig.engine, permitName(order.ref, 2)))?.name;
}

describe('after a crash', () => {
  it('between permit and start the attempt is started under a new name', async () => {
    await (await rig.satellite()).prepare(order);
    await leavePermit(1);
    expect(await startAgain(await rig.satellite())).toBe('ran\n');
    expect(await nameOnEngine()).toBe(permitName(order.ref, 2));
  });

  it('between permit and start a stale start by the old name comes too late', async () => {
    await (await rig.satellite()).prepare(order);
    await leavePermit(1);
    expect(await startAgain(await rig.satellite())).toBe('ran\n');
    await expect(startContainer(rig.engine, permitName(order.ref, 1))).rejects.toMatchObject({ code: 'engine_error' });
  });

  it('after the start its outcome is told', async () => {
    await (await rig.satellite()).prepare(order);
    await leavePermit(1);
    await startContainer(rig.engine, permitName(order.ref, 1));
    expect(await startAgain(await rig.satellite())).toBe('ran\n');
  });

  it('between the new name and its permit the new name is kept', async () => {
    await (await rig.satellite()).prepare(order);
    await leavePermit(1);
    await renameContainer(rig.engine, permitName(order.ref, 1), { name: permitName(order.ref, 2) });
    expect(await startAgain(await rig.satellite())).toBe('ran\n');
    expect(await nameOnEngine()).toBe(permitName(order.ref, 2));
  });

  it('between the second permit and its start a third is used', async () => {
    await (await rig.satellite()).prepare(order);
    await leavePermit(1);
    await renameContainer(rig.engine, permitName(order.ref, 1), { name: permitName(order.ref, 2) });
    await leavePermit(2);
    expect(await startAgain(await rig.satellite())).toBe('ran\n');
  });

  it('after a refused start its reason is told, and it is not tried again', async () => {
    order = { ...order, entrypoint: ['/no/such/command'] };
    await (await rig.satellite()).prepare(order);
    await leavePermit(1);
    await startContainer(rig.engine, permitName(order.ref, 1)).catch(() => undefined);
    const satellite = await rig.satellite();
    for (const status of [await satellite.status(order.ref), await satellite.start(order.ref)]) {
      expect(status).toMatchObject({ phase: 'start_failed', error: { code: 'command_not_found' } });
    }
    expect(await nameOnEngine()).toBeUndefined();
  });

  it('an attempt whose container is gone is lost if it was started, and launched anew if not', async () => {
    const satellite = await rig.satellite();
    await satellite.prepare(order);
    await removeBehindItsBack();
    expect(await satellite.status(order.ref)).toMatchObject({ phase: 'absent' });
    await satellite.prepare(order);
    expect(await startAgain(satellite)).toBe('ran\n');
    await using watch = new EventWatch(satellite);
    await watch.synced();
    await removeBehindItsBack();
    await watch.phase(order.ref, 'lost');
    await expect(satellite.prepare(order)).rejects.toMatchObject({ code: 'lost' });
    expect(await satellite.start(order.ref)).toMatchObject({ phase: 'lost' });
    await satellite.remove(order.ref);
    expect(await rig.leftovers(order.ref)).toEqual([]);
  });
});

describe('when the connection breaks', () => {
  it.each(['request', 'answer'] as const)('at the %s of a start, the attempt still runs once', async (moment) => {
    await using gate = await EngineGate.open(rig.stateDir);
    const satellite = await rig.satellite({ engine: gate.engine });
    await satellite.prepare(order);
    const cut = gate.cutAt(/^POST \/containers\/\S+\/start /, moment);
    await expect(satellite.start(order.ref)).rejects.toMatchObject({ code: 'engine_unavailable' });
    await cut;
    expect(await startAgain(satellite)).toBe('ran\n');
  });
});

async function removeBehindItsBack(): Promise<void> {
  await rig.engine.json({ method: 'DELETE', path: `/containers/${permitName(order.ref, 1)}`, query: { force: true } });
}
