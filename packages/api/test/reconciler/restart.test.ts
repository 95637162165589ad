import { describe, expect, test } from 'vitest';
import { EngineGate } from './engine-gate.ts';
import { outputOf, ReconcilerRig, remove, submit, until, untilState } from './reconciler-rig.ts';
import { openSlowServer } from './slow-server.ts';

describe('a service that starts again', () => {
  test('finds what runs still running, and what ended meanwhile ended', async () => {
    await using rig = await ReconcilerRig.open();
    const first = await rig.start();
    const long = await submit(first, 'sleep 1000');
    const short = await submit(first, 'sleep 1; exit 5');
    await untilState(first, long, 'running');
    await untilState(first, short, 'running');
    await first.close();
    const second = await rig.start();
    expect(await untilState(second, short, 'exited')).toMatchObject({ attempts: [{ exit_code: 5 }] });
    const still = await untilState(second, long, 'running');
    expect(still.timeline.filter(({ state }) => state === 'running')).toHaveLength(1);
    await remove(second, long);
  });

  test('launches what was only submitted, once', async () => {
    await using rig = await ReconcilerRig.open();
    const first = await rig.start();
    await first.reconciler.close();
    const ids = await Promise.all(Array.from({ length: 3 }, () => submit(first, 'echo ran')));
    await first.close();
    const second = await rig.start();
    for (const id of ids) {
      await untilState(second, id, 'exited');
      expect(await outputOf(second, id)).toBe('ran\n');
    }
  });

  test('ends what ran into its time limit meanwhile, and finishes removals', async () => {
    await using rig = await ReconcilerRig.open();
    const first = await rig.start();
    const timed = await submit(first, 'trap "exit 0" TERM; while :; do sleep 0.1; done', { timeout: 1 });
    const removed = await submit(first, 'sleep 1000');
    await untilState(first, timed, 'running');
    await untilState(first, removed, 'running');
    await first.reconciler.close();
    await first.store.containers.markRemoving(removed, 0);
    await expect(first.reconciler.removed(removed)).rejects.toMatchObject({ code: 'shutting_down' });
    await first.close();
    const second = await rig.start();
    expect(await untilState(second, timed, 'failed')).toMatchObject({ reasonCode: 'timed_out' });
    await second.reconciler.removed(removed);
    expect(await second.store.containers.find(removed)).toBeUndefined();
  });

  test('finds lost what somebody removed meanwhile', async () => {
    await using rig = await ReconcilerRig.open();
    const first = await rig.start();
    const id = await submit(first, 'sleep 1000');
    await untilState(first, id, 'running');
    await first.close();
    await rig.removeBehindOurBack({ container: id, attempt: 1 });
    const second = await rig.start();
    expect(await untilState(second, id, 'lost')).toMatchObject({ reasonCode: 'lost' });
  });
});

test('closing gives up a launch that takes long within 3 s, again at once, and leaves what runs alone', async () => {
  await using rig = await ReconcilerRig.open();
  await using server = await openSlowServer();
  const service = await rig.start();
  const running = await submit(service, 'sleep 1000');
  await untilState(service, running, 'running');
  const staging = await submit(service, 'true', { data: { kind: 'url', url: server.url }, datapath: '/data' });
  await server.asked;
  const began = Date.now();
  await service.reconciler.close();
  expect(Date.now() - began).toBeLessThan(3_000);
  await service.reconciler.close();
  expect(await service.store.containers.find(staging)).toMatchObject({ state: 'staging', reason: null });
  expect(await service.satellite.status({ container: running, attempt: 1 })).toMatchObject({ phase: 'running' });
});

test('an Engine that is away is waited for, and what happened meanwhile is found', async () => {
  await using rig = await ReconcilerRig.open();
  await using gate = await EngineGate.open();
  const service = await rig.start({ dockerHost: gate.dockerHost });
  const ending = await submit(service, 'sleep 2; exit 6');
  await untilState(service, ending, 'running');
  await gate.cut();
  const waiting = await submit(service, 'exit 7');
  const told = await until(service, waiting, ({ reasonCode }) => reasonCode === 'engine_unavailable');
  expect(told.attempts).toHaveLength(1);
  const entries = told.timeline.length;
  const failures = () => service.logged.filter(({ fields }) => 'tries' in fields && fields.tries === 4);
  const later = await until(service, waiting, () => failures().length > 0);
  expect(later.timeline.length).toBe(entries);
  await gate.restore();
  expect(await untilState(service, waiting, 'exited')).toMatchObject({ reason: null, attempts: [{ exit_code: 7 }] });
  expect(await untilState(service, ending, 'exited')).toMatchObject({ attempts: [{ exit_code: 6 }] });
  await service.close();
});
