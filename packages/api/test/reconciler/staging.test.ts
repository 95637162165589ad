import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoredContainer } from '../../src/store/records.ts';
import { type HeldServer, openHeldServer } from '../services/held-server.ts';
import { outputOf, ReconcilerRig, remove, type Service, submit, untilState } from './reconciler-rig.ts';

let rig: ReconcilerRig;
let service: Service;
let server: HeldServer;

beforeAll(async () => {
  rig = await ReconcilerRig.open();
  service = await rig.start();
  server = await openHeldServer();
});

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const content = 'fetched by the service\n';
const digest = createHash('sha256').update(content).digest('hex');

describe('data that the service fetches for its node', () => {
  test('are fetched once for attempts and containers, and go with the last container', async () => {
    const asked = { ...dataAt('/shared.txt'), fetch: 'api', retries: 1 } as const;
    const both = await Promise.all(['exit 3', 'exit 0'].map((end) => submit(service, `cat shared.txt; ${end}`, asked)));
    const [failing = '', other = ''] = both;
    (await server.asked('/shared.txt')).end(content);
    const ended = await untilState(service, failing, 'exited');
    expect(ended.attempts.map(({ exit_code }) => exit_code)).toEqual([3, 3]);
    expect(ended.fetched.data).toMatchObject({ digest, size: content.length, fileName: 'shared.txt' });
    expect(await outputOf(service, failing, 2)).toBe(content);
    await untilState(service, other, 'exited');
    expect(await outputOf(service, other)).toBe(content);
    expect(server.requests('/shared.txt')).toBe(1);

    expect(await rig.blobFiles()).toEqual([digest]);
    await remove(service, failing);
    expect(await rig.blobFiles()).toEqual([digest]);
    await remove(service, other);
    expect(await rig.blobFiles()).toEqual([]);
  });

  test('that cannot be had fail the attempt with their code', async () => {
    const id = await submit(service, 'true', { ...dataAt('/missing'), fetch: 'api' });
    (await server.asked('/missing')).writeHead(503).end();
    expect(await untilState(service, id, 'failed')).toMatchObject({ reasonCode: 'fetch_failed', attempt: 1 });
    expect(server.requests('/missing')).toBe(1);
    await remove(service, id);
    expect(await rig.blobFiles()).toEqual([]);
  });

  test('of a container that is deleted meanwhile are given up, and leave nothing', async () => {
    const id = await submit(service, 'true', { ...dataAt('/endless'), fetch: 'api' });
    const response = await server.asked('/endless');
    response.writeHead(200, { 'content-length': 1_000_000 }).write('x'.repeat(1_000));
    await remove(service, id);
    expect(await service.store.containers.find(id)).toBeUndefined();
    expect(await rig.blobFiles()).toEqual([]);
  });
});

test('an upload that several containers share goes with the last of them', async () => {
  const lease = await service.blobs.write(Readable.from([Buffer.from(content)]));
  const data = { kind: 'blob', digest: lease.digest, size: lease.size } as const;
  const shared = { data, dataName: 'shared.txt', datapath: '/data', workdir: '/data' };
  const ids = [await submit(service, 'cat shared.txt', shared), await submit(service, 'sleep 1000', shared)];
  await lease.release();
  const [ended = '', running = ''] = ids;
  await untilState(service, ended, 'exited');
  expect(await outputOf(service, ended)).toBe(content);
  await untilState(service, running, 'running');
  await remove(service, ended);
  expect(await rig.blobFiles()).toEqual([digest]);
  await remove(service, running);
  expect(await rig.blobFiles()).toEqual([]);
});

describe('how far a staging is', () => {
  test.each(['api', 'node'] as const)('is told while it lasts, and kept when it is over: by %s', async (fetch) => {
    const path = `/progress-${fetch}`;
    const id = await submit(service, 'true', { ...dataAt(path), fetch });
    const response = await server.asked(path);
    const { length } = content;
    response.writeHead(200, { 'content-length': length }).end(content);
    const ended = await untilState(service, id, 'exited');
    expect(progressOf(ended)).toContainEqual({ step: 'fetching data', done: length, total: length });
    expect(ended.timeline.filter(({ state }) => state !== 'staging').every(({ progress }) => progress === null)).toBe(
      true,
    );
    const told = service.told.filter((each) => each.id === id).map(({ progress }) => progress);
    expect(told).toContainEqual({ step: 'fetching data', done: length, total: length });
    expect(told.at(-1)).toBeUndefined();
    expect(service.reconciler.progress(id)).toBeUndefined();
    await remove(service, id);
  });

  test('is kept also where it fails', async () => {
    const id = await submit(service, 'true', { ...dataAt('/broken', '0'.repeat(64)), fetch: 'api' });
    (await server.asked('/broken')).writeHead(200, { 'content-length': content.length }).end(content);
    const ended = await untilState(service, id, 'failed');
    expect(ended.reasonCode).toBe('digest_mismatch');
    expect(progressOf(ended)).toEqual([{ step: 'fetching data', done: content.length, total: content.length }]);
    await remove(service, id);
  });
});

function dataAt(path: string, sha256?: string) {
  const digestPart = sha256 === undefined ? {} : { sha256 };
  return {
    data: { kind: 'url', url: `${server.url}${path}`, ...digestPart },
    datapath: '/data',
    workdir: '/data',
  } as const;
}

function progressOf({ timeline }: StoredContainer) {
  return timeline.findLast(({ state }) => state === 'staging')?.progress;
}
