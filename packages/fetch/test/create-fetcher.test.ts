import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFetcher } from '../src/create-fetcher.ts';
import { local } from './harness/fetching.ts';
import { serve } from './harness/http-server.ts';
import { serveMisbehaviour } from './harness/misbehaving-server.ts';
import { makeTemporaryDirectory } from './harness/temporary-directory.ts';

describe('a fetcher', () => {
  it('ends what is under way when it is disposed of, and leaves no file', async () => {
    await using server = await serveMisbehaviour();
    await using dir = await makeTemporaryDirectory();
    const fetcher = createFetcher(local);
    let rejection: Promise<unknown> = Promise.resolve();
    await new Promise<void>((resolve) => {
      const fetching = fetcher.fetch({
        url: `${server.url}/stalled`,
        file: join(dir.path, 'file'),
        limitBytes: 100_000,
        onProgress: (done) => (done > 0 ? resolve() : undefined),
      });
      rejection = expect(fetching).rejects.toMatchObject({ code: 'shutting_down' });
    });
    await Promise.all([rejection, fetcher[Symbol.asyncDispose](), fetcher[Symbol.asyncDispose]()]);
    expect(await readdir(dir.path)).toEqual([]);
    const late = fetcher.fetch({ url: server.url, file: join(dir.path, 'late'), limitBytes: 1 });
    await expect(late).rejects.toMatchObject({ code: 'shutting_down' });
  });

  it('does not write over a file', async () => {
    await using server = await serveMisbehaviour();
    await using dir = await makeTemporaryDirectory();
    await using fetcher = createFetcher(local);
    const request = { url: `${server.url}/x`, file: join(dir.path, 'file'), limitBytes: 100_000 };
    await fetcher.fetch(request);
    await expect(fetcher.fetch(request)).rejects.toMatchObject({ code: 'fetch_failed' });
    expect(await readdir(dir.path)).toEqual(['file']);
  });

  it('waits for whoever makes room, without taking that for a server that stands still', async () => {
    let sendRest: () => unknown = () => undefined;
    await using server = await serve((_request, response) => {
      sendRest = () => response.end('rest');
      response.write('some');
    });
    await using dir = await makeTemporaryDirectory();
    await using fetcher = createFetcher({ ...local, limits: { ...local.limits, idleMs: 50, retries: 0 } });
    const reserve = async (): Promise<void> => {
      const began = performance.now();
      while (performance.now() - began < 200) await nextTurn();
      sendRest();
    };
    const request = { url: server.url, file: join(dir.path, 'file'), limitBytes: 100_000, reserve };
    expect(await fetcher.fetch(request)).toMatchObject({ kind: 'fetched', size: 8 });
  });

  it('knows nothing fresh of what it does not fetch', async () => {
    await using fetcher = createFetcher(local);
    expect(fetcher.isFresh('ftp://h/x', {})).toBe(false);
    expect(fetcher.isFresh('nonsense', {})).toBe(false);
  });
});
