import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId, plainSubmission } from '../store/sample-container.ts';
import { outputOf, ReconcilerRig, remove, type Service, submit, until, untilState } from './reconciler-rig.ts';
import { openSlowServer } from './slow-server.ts';

let rig: ReconcilerRig;
let service: Service;

beforeAll(async () => {
  rig = await ReconcilerRig.open();
  service = await rig.start();
});

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
});

describe('a container', () => {
  test('goes all its way, each state kept once in its order', async () => {
    const id = await submit(service, 'echo hello; exit 3');
    const end = await untilState(service, id, 'exited');
    expect(end.timeline.map(({ state }) => state)).toEqual(['submitted', 'staging', 'starting', 'running', 'exited']);
    expect(end).toMatchObject({ reason: null, attempt: 1 });
    expect(end.attempts).toMatchObject([{ state: 'exited', exit_code: 3, node: 'test-node', oom_killed: false }]);
    expect(end.attempts[0]?.dockerState).toMatchObject({ Status: 'exited', ExitCode: 3 });
    const times = end.timeline.map(({ at }) => Date.parse(at));
    expect(times.at(-1)).toBeGreaterThanOrEqual(times.at(0) ?? 0);
    expect(await outputOf(service, id)).toBe('hello\n');
  });

  test('that is one of twenty submitted at once ends right, and ran once', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, code) => submit(service, `echo ${code}; exit ${code}`)),
    );
    const ends = await Promise.all(ids.map((id) => untilState(service, id, 'exited')));
    expect(ends.map(({ attempts }) => attempts.map(({ exit_code }) => exit_code))).toEqual(
      ids.map((_, code) => [code]),
    );
    for (const [code, id] of ids.entries()) expect(await outputOf(service, id)).toBe(`${code}\n`);
  });

  test('whose image is missing fails with the reason and leaves nothing on the Engine', async () => {
    const before = await rig.leftovers();
    const id = await submit(service, 'true', { image: { name: 'boatload/no-such-image', tag: 'none' } });
    const end = await untilState(service, id, 'failed');
    expect(end).toMatchObject({ reasonCode: 'image_not_found', attempts: [{ reason_code: 'image_not_found' }] });
    expect(end.reason).toContain('boatload/no-such-image');
    expect(await rig.leftovers()).toEqual(before);
  });

  test('whose command does not exist fails with the reason', async () => {
    const id = await submit(service, '', { entrypoint: ['/no/such/command'], args: [] });
    expect(await untilState(service, id, 'failed')).toMatchObject({ reasonCode: 'command_not_found' });
  });

  test('whose URL answers nobody fails: trying again was the fetcher’s', async () => {
    const id = await submit(service, 'true', { data: { kind: 'url', url: 'http://127.0.0.1:9/x' }, datapath: '/data' });
    const end = await untilState(service, id, 'failed');
    expect(end).toMatchObject({ reasonCode: 'fetch_failed', attempt: 1 });
    const failures = service.logged.filter(({ fields }) => 'container' in fields && fields.container === id);
    expect(failures.map(({ fields }) => 'tries' in fields && fields.tries)).toEqual([1]);
  });

  test('that runs out of memory says so', async () => {
    // The Engine listens for it only from a moment after the start: what dies in that moment merely died.
    const id = await submit(service, 'sleep 0.5; tail /dev/zero', { memory: 16 * 1_024 ** 2 });
    const end = await until(service, id, ({ reasonCode }) => reasonCode === 'out_of_memory');
    expect(end).toMatchObject({ state: 'exited', attempts: [{ oom_killed: true, exit_code: 137 }] });
  });

  test('whose container somebody removed is lost', async () => {
    const id = await submit(service, 'sleep 1000');
    await untilState(service, id, 'running');
    await rig.removeBehindOurBack({ container: id, attempt: 1 });
    expect(await untilState(service, id, 'lost')).toMatchObject({ reasonCode: 'lost', attempt: 1 });
  });
});

describe('a further attempt', () => {
  test('follows each that fails, as often as retries say, and never makes the container look final', async () => {
    const id = await submit(service, 'echo tried; exit 9', { retries: 2 });
    const end = await untilState(service, id, 'exited');
    expect(end.attempts.map(({ exit_code }) => exit_code)).toEqual([9, 9, 9]);
    expect(await outputOf(service, id, 2)).toBe('tried\n');
    const final = end.timeline.filter(({ state }) => state === 'exited');
    expect(final.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  test('follows a non-zero exit with on-failure:1', async () => {
    const id = await submit(service, 'exit 9', { restart: { policy: 'on-failure', max: 1 } });
    expect((await untilState(service, id, 'exited')).attempts.map(({ exit_code }) => exit_code)).toEqual([9, 9]);
  });

  test('follows a loss where retries allow it', async () => {
    const id = await submit(service, 'sleep 1000', { retries: 1 });
    await untilState(service, id, 'running');
    await rig.removeBehindOurBack({ container: id, attempt: 1 });
    const again = await until(service, id, ({ state, attempt }) => state === 'running' && attempt === 2);
    expect(again.attempts).toMatchObject([{ state: 'lost' }, { state: 'running' }]);
    await remove(service, id);
  });

  test('is each start by the Engine where it is always restarted', async () => {
    const id = await submit(service, 'sleep 0.3; exit 4', { restart: { policy: 'always' } });
    const again = await until(service, id, ({ state, attempt }) => state === 'running' && attempt >= 3);
    expect(again.attempts.slice(0, 2)).toMatchObject([
      { launch: 1, state: 'exited', exit_code: 4 },
      { launch: 1, state: 'exited', exit_code: 4 },
    ]);
    await remove(service, id);
  });
});

describe('a timeout', () => {
  test('ends the attempt, `failed`', async () => {
    const id = await submit(service, 'exec sleep 1000', { timeout: 0.5, restart: { policy: 'no' } });
    const end = await untilState(service, id, 'failed');
    expect(end).toMatchObject({ reasonCode: 'timed_out', attempts: [{ state: 'failed', reason_code: 'timed_out' }] });
    expect(end.attempts[0]?.dockerState).toMatchObject({ Running: false });
  }, 30_000);

  test('counts for each attempt anew', async () => {
    const command = 'trap "exit 0" TERM; while :; do sleep 0.1; done';
    const id = await submit(service, command, { timeout: 0.5, retries: 1 });
    const end = await untilState(service, id, 'failed');
    expect(end.attempts.map(({ reason_code }) => reason_code)).toEqual(['timed_out', 'timed_out']);
  });
});

describe('a removal', () => {
  test('takes a running container with all that belongs to it', async () => {
    const before = await rig.leftovers();
    const lease = await service.blobs.write(oneChunk('#!/bin/sh\nexec sleep 1000\n'));
    const script = { kind: 'blob', digest: lease.digest, size: lease.size } as const;
    const { image, pull } = plainSubmission;
    const changes = { image, pull, script, scriptname: 'script', datapath: '/data', entrypoint: [], args: [] };
    const id = await submit(service, '', changes);
    await lease.release();
    await untilState(service, id, 'running');
    await remove(service, id);
    expect(await service.store.containers.find(id)).toBeUndefined();
    expect(await rig.leftovers()).toEqual(before);
    await expect(readAll(service.blobs.open(lease.digest))).rejects.toMatchObject({ code: 'file_not_found' });
  });

  test('lets a container end by itself within its grace', async () => {
    const id = await submit(service, 'trap "exit 0" TERM; while :; do sleep 0.1; done');
    await untilState(service, id, 'running');
    await remove(service, id, 30);
    expect(await service.store.containers.find(id)).toBeUndefined();
  });

  test('that is asked for again with less grace does not wait for the first', async () => {
    const id = await submit(service, 'trap "" TERM; echo deaf; while :; do sleep 0.1; done');
    await untilState(service, id, 'running');
    const patient = remove(service, id, 1_000);
    await until(service, id, ({ state }) => state === 'removing');
    await remove(service, id, 0);
    await patient;
    expect(await service.store.containers.find(id)).toBeUndefined();
  });

  test('takes every attempt', async () => {
    const before = await rig.leftovers();
    const id = await submit(service, 'exit 1', { retries: 2 });
    await untilState(service, id, 'exited');
    await remove(service, id);
    expect(await rig.leftovers()).toEqual(before);
  });

  test('does not wait for staging that takes long, of which the progress is told before', async () => {
    await using server = await openSlowServer();
    const before = await rig.leftovers();
    const id = await submit(service, 'true', { data: { kind: 'url', url: server.url }, datapath: '/data' });
    await server.asked;
    await until(service, id, () => (service.reconciler.progress(id)?.done ?? 0) > 0);
    expect(service.reconciler.progress(id)).toMatchObject({ step: 'fetching data', total: 1_000_000 });
    await remove(service, id);
    expect(await rig.leftovers()).toEqual(before);
    expect(service.reconciler.progress(id)).toBeUndefined();
  });

  test('right after the submission leaves nothing either', async () => {
    const before = await rig.leftovers();
    const ids = await Promise.all(Array.from({ length: 5 }, () => submit(service, 'sleep 1000')));
    await Promise.all(ids.map((id) => remove(service, id)));
    expect(await rig.leftovers()).toEqual(before);
  });

  test('of what does not exist is over at once', async () => {
    await service.reconciler.removed(newId());
  });
});

test('what no container owns is removed from the Engine', async () => {
  const before = await rig.leftovers();
  const order = {
    ref: { container: newId(), attempt: 1 },
    image: 'boatload/sample:latest',
    pull: 'never',
    entrypoint: ['/bin/sh', '-c'],
    args: ['sleep 1000'],
    env: {},
    labels: {},
    restartAlways: false,
  } as const;
  await service.backend.launch(order);
  const id = await submit(service, 'true');
  await until(service, id, () =>
    service.logged.some(({ fields }) => 'container' in fields && fields.container === order.ref.container),
  );
  await remove(service, id);
  expect(await rig.leftovers()).toEqual(before);
});

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}
