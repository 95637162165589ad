import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createFetcher } from '@boatload/fetch';
import { describe, expect, test } from 'vitest';
import { BlobStore } from '../../src/blobs/blob-store.ts';
import {
  type CompleteOptions,
  missingParts,
  SourceFetcher,
  type SourceFetcherOptions,
} from '../../src/services/source-fetcher.ts';
import type { StoredContainer, Submission } from '../../src/store/records.ts';
import { newContainer, openTestStore, plainSubmission } from '../store/sample-container.ts';
import { openHeldServer } from './held-server.ts';

const content = 'a,b\n1,2\n';
const digest = createHash('sha256').update(content).digest('hex');
const answer = (response: ServerResponse): void => void response.end(content);

describe('what nodes cannot reach', () => {
  test('is fetched into the blob store, and kept as the container’s', async () => {
    await using rig = await openRig();
    const container = await rig.submit({ script: rig.urlOf('/run.sh'), data: rig.urlOf('/table.csv') });
    const completing = rig.complete(container);
    for (const path of ['/run.sh', '/table.csv']) answer(await rig.server.asked(path));
    const complete = await completing;
    const blob = { digest, size: content.length };
    expect(complete.fetched).toEqual({
      script: { ...blob, fileName: 'run.sh' },
      data: { ...blob, fileName: 'table.csv' },
    });
    expect(complete).toEqual(await rig.store.containers.find(container.id));
    expect(missingParts(complete)).toEqual([]);
    expect(await rig.read(digest)).toBe(content);
    expect(await rig.files()).toEqual([digest]);
  });

  test('is fetched once for all who want it at the same moment, and for each who wants it later', async () => {
    await using rig = await openRig();
    const data = rig.urlOf('/shared');
    const containers = await Promise.all(Array.from({ length: 5 }, () => rig.submit({ data })));
    const completing = containers.map((container) => rig.complete(container));
    answer(await rig.server.asked('/shared'));
    const complete = await Promise.all(completing);
    expect(complete.map(({ fetched }) => fetched.data?.digest)).toEqual(containers.map(() => digest));
    expect(rig.server.requests('/shared')).toBe(1);
    const late = rig.complete(await rig.submit({ data }));
    answer(await rig.server.asked('/shared'));
    await late;
    expect(rig.server.requests('/shared')).toBe(2);
  });

  test('is not fetched again for a container that has it', async () => {
    await using rig = await openRig();
    const container = await rig.submit({ script: rig.urlOf('/run.sh'), data: rig.urlOf('/table.csv') });
    const failing = rig.complete(container);
    answer(await rig.server.asked('/run.sh'));
    (await rig.server.asked('/table.csv')).writeHead(404).end();
    await expect(failing).rejects.toMatchObject({ code: 'fetch_failed' });
    const half = await rig.store.containers.find(container.id);
    expect(half && missingParts(half)).toEqual(['data']);
    const completing = rig.complete(half ?? container);
    answer(await rig.server.asked('/table.csv'));
    await completing;
    expect(rig.server.requests('/run.sh')).toBe(1);
  });

  test('goes on for the others when one gives up, and is given up with the last', async () => {
    await using rig = await openRig();
    const data = rig.urlOf('/slow');
    const [first, second] = [await rig.submit({ data }), await rig.submit({ data })];
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const left = rig.complete(first, { signal: leaving.signal });
    const stayed = rig.complete(second, { signal: staying.signal });
    const response = await rig.server.asked('/slow');
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    expect(response.destroyed).toBe(false);
    staying.abort();
    await expect(stayed).rejects.toMatchObject({ name: 'AbortError' });
    expect(await rig.files()).toEqual([]);
    const again = rig.complete(second);
    answer(await rig.server.asked('/slow'));
    expect((await again).fetched.data?.digest).toBe(digest);
  });

  test('waits for its turn where much is fetched already, and can be given up meanwhile', async () => {
    await using rig = await openRig({ fetchesAtOnce: 1 });
    const [first, second, third] = await Promise.all(
      ['/first', '/second', '/third'].map((path) => rig.submit({ data: rig.urlOf(path) })),
    );
    if (first === undefined || second === undefined || third === undefined) throw new Error('nothing was submitted');
    const leaving = new AbortController();
    const completing = [rig.complete(first), rig.complete(second, { signal: leaving.signal }), rig.complete(third)];
    const response = await rig.server.asked('/first');
    leaving.abort();
    await expect(completing[1]).rejects.toMatchObject({ name: 'AbortError' });
    expect(rig.server.requests('/third')).toBe(0);
    answer(response);
    answer(await rig.server.asked('/third'));
    await Promise.all([completing[0], completing[2]]);
    expect(rig.server.requests('/second')).toBe(0);
  });

  test('leaves nothing where it breaks off, is refused, or is for a container that goes', async () => {
    await using rig = await openRig();
    const wrong = { ...rig.urlOf('/wrong'), sha256: '0'.repeat(64) };
    const mismatched = rig.complete(await rig.submit({ data: wrong }));
    answer(await rig.server.asked('/wrong'));
    await expect(mismatched).rejects.toMatchObject({ code: 'digest_mismatch' });

    const large = rig.complete(await rig.submit({ script: rig.urlOf('/large') }));
    (await rig.server.asked('/large')).end('x'.repeat(1_001));
    await expect(large).rejects.toMatchObject({ code: 'fetch_too_large' });

    const going = await rig.submit({ data: rig.urlOf('/going') });
    const fetched = rig.complete(going);
    const response = await rig.server.asked('/going');
    await rig.store.containers.markRemoving(going.id, 0);
    answer(response);
    await expect(fetched).rejects.toMatchObject({ code: 'conflict' });
    expect(await rig.files()).toEqual([]);
  });

  test('goes with the last container that has it', async () => {
    await using rig = await openRig();
    const data = rig.urlOf('/shared');
    const containers = [await rig.submit({ data }), await rig.submit({ data })];
    const completing = containers.map((container) => rig.complete(container));
    answer(await rig.server.asked('/shared'));
    await Promise.all(completing);
    const [first = '', second = ''] = containers.map(({ id }) => id);
    await rig.blobs.discard(await rig.store.containers.erase(first));
    expect(await rig.files()).toEqual([digest]);
    await rig.blobs.discard(await rig.store.containers.erase(second));
    expect(await rig.files()).toEqual([]);
  });

  test('is reported part by part, to its end', async () => {
    await using rig = await openRig();
    const told: string[] = [];
    const onProgress: CompleteOptions['onProgress'] = (part, done, total) => void told.push(`${part} ${done}/${total}`);
    const completing = rig.complete(await rig.submit({ data: rig.urlOf('/table.csv') }), { onProgress });
    (await rig.server.asked('/table.csv')).writeHead(200, { 'content-length': content.length }).end(content);
    await completing;
    expect(told.at(-1)).toBe(`data ${content.length}/${content.length}`);
  });
});

test('nothing is missing where the node fetches, or nothing is at a URL', async () => {
  await using rig = await openRig();
  const data = rig.urlOf('/x');
  const byNode = await rig.submit({ data }, 'node');
  const uploaded = await rig.submit({ data: { kind: 'blob', digest, size: 1 } });
  expect([missingParts(byNode), missingParts(uploaded)]).toEqual([[], []]);
});

async function openRig(options: Pick<SourceFetcherOptions, 'fetchesAtOnce'> = {}) {
  const kept = await openTestStore();
  const server = await openHeldServer();
  const { store } = kept;
  const dir = join(kept.dir, 'blobs');
  const blobs = await BlobStore.open({ dir, references: store.blobs });
  const fetcher = createFetcher({ policy: { allow: ['127.0.0.1'] }, limits: { retries: 0 } });
  const limits = { scriptBytes: 1_000, dataBytes: 10_000 };
  const sources = new SourceFetcher({ fetcher, blobs, containers: store.containers, limits, ...options });
  return {
    server,
    store,
    blobs,
    urlOf: (path: string) => ({ kind: 'url', url: `${server.url}${path}` }) as const,
    complete: (container: StoredContainer, options: Partial<CompleteOptions> = {}) =>
      sources.complete(container, { signal: new AbortController().signal, onProgress: () => undefined, ...options }),
    async submit(parts: Pick<Submission, 'script' | 'data'>, fetch: 'api' | 'node' = 'api') {
      const submission: Submission = { ...plainSubmission, ...parts, fetch };
      return (await store.containers.submit(newContainer({ submission }))).container;
    },
    async read(wanted: string) {
      const pieces: Uint8Array[] = [];
      for await (const piece of blobs.open(wanted)) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    },
    async files() {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
    async [Symbol.asyncDispose]() {
      await fetcher[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await kept[Symbol.asyncDispose]();
    },
  };
}
