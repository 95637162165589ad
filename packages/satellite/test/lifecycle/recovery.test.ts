import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContainer, listContainers, listVolumes, removeContainer } from '@boatload/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventWatch, isOf } from '../../src/conformance/event-watch.ts';
import { runToEnd } from '../../src/conformance/run-order.ts';
import { attemptKey, permitName } from '../../src/state/attempt-store.ts';
import { EngineGate } from '../harness/engine-gate.ts';
import { EngineRig, sampleImage } from '../harness/engine-rig.ts';

let rig: EngineRig;

beforeEach(async () => {
  rig = await EngineRig.open();
});

afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

/** A container as our preparation makes it, with a volume. */
async function createOurs(order: ReturnType<EngineRig['order']>): Promise<void> {
  const name = permitName(order.ref, 1);
  const labels = {
    ...rig.labels,
    'io.boatload.container': order.ref.container,
    'io.boatload.attempt': String(order.ref.attempt),
  };
  const mount = { Type: 'volume', Source: `${name}-data`, Target: '/data' } as const;
  const Mounts = [{ ...mount, VolumeOptions: { NoCopy: true, Labels: labels } }];
  await createContainer(rig.engine, name, {
    creation: { Image: sampleImage, Cmd: ['true'], Labels: labels, HostConfig: { Mounts } },
  });
}

/** What a satellite leaves that was killed while it prepared an attempt. */
async function leavePreparation(order: ReturnType<EngineRig['order']>): Promise<void> {
  const directory = join(rig.stateDir, 'attempts', attemptKey(order.ref));
  await mkdir(directory, { recursive: true });
  const record = {
    version: 1,
    ref: order.ref,
    name: permitName(order.ref, 1),
    phase: 'preparing',
    mounts: [],
    injected: [],
    subject: { image: sampleImage },
    createdAt: new Date().toISOString(),
  };
  await writeFile(join(directory, 'record.json'), JSON.stringify(record));
  await createOurs(order);
}

/** Turns a prepared attempt into one of the version that bound directories of its own. */
async function bindInstead(order: ReturnType<EngineRig['order']>, directory: string): Promise<void> {
  const name = permitName(order.ref, 1);
  await removeContainer(rig.engine, name);
  const labels = { ...rig.labels, 'io.boatload.container': order.ref.container, 'io.boatload.attempt': '1' };
  const Image = sampleImage;
  const HostConfig = { Mounts: [], Binds: [`${directory}:/data`] };
  const containerId = await createContainer(rig.engine, name, {
    creation: { Image, Cmd: [...order.args], Labels: labels, HostConfig },
  });
  const file = join(rig.stateDir, 'attempts', attemptKey(order.ref), 'record.json');
  const { cached: _, ...record } = Object(JSON.parse(await readFile(file, 'utf8')));
  const mounts = [{ path: '/data', kind: 'data', directory }];
  await writeFile(file, JSON.stringify({ ...record, containerId, mounts, injected: ['/data'] }));
}

describe('a satellite that was killed', () => {
  it('while it prepared leaves nothing once it is back', async () => {
    const order = rig.order();
    await leavePreparation(order);
    await rig.satellite();
    expect(await rig.leftovers(order.ref)).toEqual([]);
  });

  it('while it prepared makes the container anew, also when it could not clean up at its boot', async () => {
    const order = rig.order({ args: ['sh', '-c', 'exit 8'] });
    await leavePreparation(order);
    await using gate = await EngineGate.open(rig.stateDir);
    gate.shut();
    const satellite = await rig.satellite({ engine: gate.engine });
    gate.reopen();
    expect(await satellite.status(order.ref)).toMatchObject({ phase: 'absent' });
    expect(await runToEnd(satellite, order)).toMatchObject({ exitCode: 8 });
  });

  it('prepares anew what it had begun to write down', async () => {
    const satellite = await rig.satellite();
    const order = rig.order({ args: ['sh', '-c', 'exit 6'] });
    await mkdir(join(rig.stateDir, 'attempts', attemptKey(order.ref), 'record.json.new'), { recursive: true });
    expect(await runToEnd(satellite, order)).toMatchObject({ exitCode: 6 });
  });

  it('starts also where a loss of power emptied the record of a preparation', async () => {
    const order = rig.order();
    await leavePreparation(order);
    await writeFile(join(rig.stateDir, 'attempts', attemptKey(order.ref), 'record.json'), '');
    await rig.satellite();
    expect(await rig.leftovers(order.ref)).toEqual([]);
  });

  it('removes and reads what a version of before views bound to a directory', async () => {
    const order = rig.order({ args: ['sh', '-c', 'echo more > /data/new'] });
    const first = await rig.satellite();
    await first.prepare(order);
    await first[Symbol.asyncDispose]();
    const directory = join(rig.stateDir, 'attempts', attemptKey(order.ref));
    const bound = join(directory, 'mounts', 'data');
    await mkdir(bound, { recursive: true });
    await bindInstead(order, bound);
    const satellite = await rig.satellite();
    await satellite.start(order.ref);
    await using watch = new EventWatch(satellite);
    await watch.phase(order.ref, 'ended');
    const changes: string[] = [];
    for await (const { path, kind } of satellite.changes(order.ref)) changes.push(`${kind} ${path}`);
    expect(changes).toEqual(['added /data/new']);
    await satellite.remove(order.ref);
    expect(await rig.leftovers(order.ref)).toEqual([]);
  });

  it('leaves no container or volume on the Engine that no record knows', async () => {
    await createOurs(rig.order());
    await rig.satellite();
    expect(await listContainers(rig.engine, rig.labels)).toEqual([]);
    expect(await listVolumes(rig.engine, rig.labels)).toEqual([]);
  });

  it('tells of its containers also where somebody else uses a volume that it left', async () => {
    const order = rig.order();
    await createOurs(order);
    const mount = { Type: 'volume', Source: `${permitName(order.ref, 1)}-data`, Target: '/data' } as const;
    const Mounts = [{ ...mount, VolumeOptions: { NoCopy: true, Labels: {} } }];
    const creation = { Image: sampleImage, Cmd: ['true'], Labels: {}, HostConfig: { Mounts } };
    const other = await createContainer(rig.engine, `somebody-elses-${order.ref.container}`, { creation });
    try {
      await using watch = new EventWatch(await rig.satellite());
      await watch.synced();
      expect(await listContainers(rig.engine, rig.labels)).toEqual([]);
    } finally {
      await removeContainer(rig.engine, other);
    }
  }, 60_000);

  it('leaves nothing of that either once the Engine answers, if it did not at the boot', async () => {
    await createOurs(rig.order());
    await using gate = await EngineGate.open(rig.stateDir);
    gate.shut();
    const satellite = await rig.satellite({ engine: gate.engine });
    gate.reopen();
    await using watch = new EventWatch(satellite);
    await watch.synced();
    expect(await listContainers(rig.engine, rig.labels)).toEqual([]);
  });

  it('leaves no temporary files', async () => {
    await mkdir(join(rig.stateDir, 'tmp'), { recursive: true });
    await writeFile(join(rig.stateDir, 'tmp', 'half a download'), 'x');
    await rig.satellite();
    expect(await readdir(join(rig.stateDir, 'tmp'))).toEqual([]);
  });

  it('finds what ended meanwhile', async () => {
    const order = rig.order({ args: ['sh', '-c', 'exit 3'] });
    const first = await rig.satellite();
    await first.prepare(order);
    await first.start(order.ref);
    await first[Symbol.asyncDispose]();
    await using watch = new EventWatch(await rig.satellite());
    expect(await watch.phase(order.ref, 'ended')).toMatchObject({ exitCode: 3 });
  });

  it('does not touch what somebody made of an image that was committed from our container', async () => {
    const order = rig.order();
    const labels = { ...rig.labels, 'io.boatload.container': order.ref.container, 'io.boatload.attempt': '1' };
    const creation = { Image: sampleImage, Cmd: ['true'], Labels: labels };
    const id = await createContainer(rig.engine, `somebody-elses-${order.ref.container}`, { creation });
    const satellite = await rig.satellite();
    await satellite.remove(order.ref);
    expect((await listContainers(rig.engine, rig.labels)).map((container) => container.id)).toEqual([id]);
  });

  it("does not touch another installation's containers", async () => {
    await using other = await EngineRig.open();
    const order = other.order({ args: ['true'] });
    await (await other.satellite()).prepare(order);
    await rig.satellite();
    expect(await other.leftovers(order.ref)).not.toEqual([]);
  });
});

describe('while an attempt is removed', () => {
  it('it is never told as lost', async () => {
    const satellite = await rig.satellite();
    const order = rig.order({
      script: { name: 'script', source: rig.upload('sleep 1000') },
      data: { source: rig.upload('x') },
      datapath: '/data',
    });
    await satellite.prepare(order);
    await satellite.start(order.ref);
    let removed = false;
    const removing = satellite.remove(order.ref).then(() => {
      removed = true;
    });
    const phases = new Set<string>();
    while (!removed) phases.add((await satellite.status(order.ref)).phase);
    await removing;
    expect(phases).not.toContain('lost');
    expect(await satellite.status(order.ref)).toMatchObject({ phase: 'absent' });
  });
});

describe('when the Engine was away', () => {
  it('all attempts are told again, with what happened meanwhile', async () => {
    await using gate = await EngineGate.open(rig.stateDir);
    const satellite = await rig.satellite({ engine: gate.engine });
    const order = rig.order({ args: ['sh', '-c', 'while [ ! -e /go ]; do sleep 0.05; done; exit 3'] });
    await satellite.prepare(order);
    await satellite.start(order.ref);
    await using watch = new EventWatch(satellite);
    await watch.synced();
    gate.shut();
    const from = watch.seen.length;
    await expect(satellite.status(order.ref)).rejects.toMatchObject({ code: 'engine_unavailable' });
    await rig.engine.json({ method: 'POST', path: `/containers/${permitName(order.ref, 1)}/kill` });
    gate.reopen();
    await watch.synced(from);
    const seen = watch.seen.slice(from);
    expect(seen.find((event) => isOf(event, order.ref))).toMatchObject({ phase: 'ended', exitCode: 137 });
  });

  it('a satellite that is being closed stops what it does', async () => {
    const satellite = await rig.satellite();
    const order = rig.order({ args: ['true'], data: { source: rig.upload(Buffer.alloc(3_000_000)) }, datapath: '/d' });
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const preparing = satellite.prepare(order, { onProgress: () => begin() });
    const outcome = expect(preparing).rejects.toMatchObject({ code: 'shutting_down' });
    await begun;
    await satellite[Symbol.asyncDispose]();
    await outcome;
    expect(await rig.leftovers(order.ref)).toEqual([]);
    await expect(satellite.prepare(order)).rejects.toMatchObject({ code: 'shutting_down' });
  });
});
