import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { Entries } from '../../src/cache/entries.ts';
import { EntryFiles } from '../../src/cache/entry-files.ts';
import { Quota } from '../../src/cache/quota.ts';
import { silentLog } from '../../src/satellite-log.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { answerWith, makeGate, openRig, wish } from './cache-rig.ts';

const size = 40_000;
/** Two of them fit, a third doesn't. */
const quotaBytes = 100_000;

/** Content that differs by its path, and stays fresh. */
const serveFiles: Parameters<typeof openRig>[0] = (request, response) =>
  answerWith(() => `${request.url}`.padEnd(size, '.'), { 'cache-control': 'max-age=3600' })(request, response);

function makeClock() {
  let now = Date.now() - 1_000_000;
  return () => {
    now += 1_000;
    return now;
  };
}

async function openQuota(directory: string, bytes: number) {
  const files = await EntryFiles.open(directory, silentLog);
  const options = { files, dropsUnpacked: false, onGone: () => undefined, log: silentLog, clock: Date.now };
  const entries = new Entries(options);
  return { files, entries, quota: new Quota(bytes, entries, files) };
}

describe("the cache's quota", () => {
  it('is kept by removing what was not used for the longest time', async () => {
    await using rig = await openRig(serveFiles);
    await using cache = await rig.open({ quotaBytes, clock: makeClock() });
    const use = async (path: string) => {
      await cache.file(rig.source(path), wish('user'));
      await cache.release('user');
    };
    await use('/a');
    await use('/b');
    await use('/a');
    await use('/c');
    const origins = (await cache.list()).map(({ origin }) => origin);
    expect(origins).toEqual([rig.source('/c').url, rig.source('/a').url]);
    await use('/a');
    expect(rig.requests).toEqual(['/a 200', '/b 200', '/c 200']);
  });

  it('goes by the last use of earlier processes, too', async () => {
    await using rig = await openRig(serveFiles);
    const clock = makeClock();
    {
      await using cache = await rig.open({ quotaBytes, clock });
      for (const path of ['/a', '/b']) await cache.file(rig.source(path), wish(path));
      await cache.release('/b');
      for (let minute = 0; minute < 60; minute += 1) clock();
      await cache.release('/a');
    }
    await using cache = await rig.open({ quotaBytes, clock });
    await cache.file(rig.source('/c'), wish('user'));
    expect((await cache.list()).map(({ origin }) => origin)).toEqual([rig.source('/c').url, rig.source('/a').url]);
  });

  it('never costs a container what it uses: what is wanted then finds the cache full', async () => {
    await using rig = await openRig(serveFiles);
    await using cache = await rig.open({ quotaBytes, clock: makeClock() });
    const held = await cache.file(rig.source('/a'), wish('one'));
    await cache.file(rig.source('/b'), wish('two'));
    await expect(cache.file(rig.source('/c'), wish('three'))).rejects.toMatchObject({
      code: 'cache_full',
      message: expect.stringMatching(/no room for 0\.1 MiB more.*containers use 0\.1 MiB/),
    });
    expect(await readFile(held.file, 'utf8')).toMatch(/^\/a/);
    await vi.waitFor(async () => expect(await rig.names('tmp')).toEqual([]));
    await cache.release('two');
    await cache.file(rig.source('/c'), wish('three'));
    expect((await cache.list()).map(({ origin }) => origin).sort()).toEqual([
      rig.source('/a').url,
      rig.source('/c').url,
    ]);
  });

  it('costs nothing that would not make enough room', async () => {
    await using rig = await openRig((request, response) => {
      if (request.url !== '/huge') return serveFiles(request, response);
      return answerWith(() => Buffer.alloc(quotaBytes))(request, response);
    });
    await using cache = await rig.open({ quotaBytes });
    await cache.file(rig.source('/held'), wish('one'));
    await cache.file(rig.source('/unused'), wish('two'));
    await cache.release('two');
    await expect(cache.file(rig.source('/huge'), wish('three'))).rejects.toMatchObject({ code: 'cache_full' });
    expect(await cache.list()).toHaveLength(2);
  });

  it('counts what is being brought', async () => {
    const gate = makeGate();
    await using rig = await openRig(async (_request, response) => {
      response.writeHead(200, { 'content-length': 60_000 });
      response.write('begin');
      await gate.opened;
      response.end(Buffer.alloc(59_995));
    });
    await using cache = await rig.open({ quotaBytes });
    const begun = makeGate();
    const first = cache.file(
      rig.source('/a'),
      wish('one', { onProgress: (_step, done) => (done > 0 ? begun.open() : undefined) }),
    );
    await begun.opened;
    await expect(cache.file(rig.source('/b'), wish('two'))).rejects.toMatchObject({ code: 'cache_full' });
    gate.open();
    expect(await first).toMatchObject({ size: 60_000 });
    await cache.release('one');
    // What failed and what is there now are no reservations any more.
    expect(await cache.file(rig.source('/b'), wish('two'))).toMatchObject({ size: 60_000 });
  });

  it('counts what is there now once', async () => {
    await using dir = await makeTemporaryDirectory();
    const { files, entries, quota } = await openQuota(dir.path, quotaBytes);
    using room = quota.begin();
    await room.reserve(60_000);
    const workplace = await files.makeWorkplace();
    const facts = { sha256: 'abc', contentBytes: 1, archive: null, origin: null, transient: false, boot: '' };
    using _ = await entries.add(workplace, { ...facts, bytes: 60_000, tree: null }, room);
    using other = quota.begin();
    await other.reserve(40_000);
    await expect(other.reserve(1)).rejects.toMatchObject({ code: 'cache_full' });
    await files.close();
  });

  it('does not promise the same part of the disk twice', async () => {
    await using dir = await makeTemporaryDirectory();
    const { files, quota } = await openQuota(dir.path, Number.MAX_SAFE_INTEGER);
    const most = Math.floor((await files.freeBytes()) * 0.6);
    using one = quota.begin();
    await one.reserve(most);
    using other = quota.begin();
    await expect(other.reserve(most)).rejects.toMatchObject({ code: 'cache_full' });
    // What is on the disk is no longer free there, and not to be subtracted again.
    one.written(most);
    await other.reserve(most);
  });

  it('holds for trees as well', async () => {
    await using rig = await openRig(serveFiles);
    await using cache = await rig.open({ quotaBytes });
    await expect(cache.tree(rig.source('/a'), wish('one'))).rejects.toMatchObject({ code: 'cache_full' });
    expect(cache.heldBy('one')).toEqual([]);
  });

  it('does not take the last of the disk, whatever it is', async () => {
    await using rig = await openRig((request, response) => {
      if (request.url === '/a') return serveFiles(request, response);
      response.writeHead(200, { 'content-length': 10 ** 15 });
      return response.write('begin');
    });
    await using cache = await rig.open({ quotaBytes: Number.MAX_SAFE_INTEGER });
    await cache.file(rig.source('/a'), wish('one'));
    await cache.release('one');
    await expect(
      cache.file(rig.source('/b'), wish('two', { limitBytes: Number.MAX_SAFE_INTEGER })),
    ).rejects.toMatchObject({ code: 'cache_full', message: expect.stringContaining('256 MiB') });
    expect(await cache.list()).toHaveLength(1);
  });
});

describe('collecting what is unused', () => {
  it('removes what no container uses and none has used for so long', async () => {
    let now = Date.now();
    await using rig = await openRig(serveFiles);
    await using cache = await rig.open({ clock: () => now });
    for (const path of ['/old', '/held', '/new']) {
      await cache.file(rig.source(path), wish(path));
      if (path !== '/held') await cache.release(path);
      if (path === '/old') now += 100_000;
    }
    const removed = await cache.collect({ unusedForSeconds: 60 });
    expect(removed.map(({ origin }) => origin)).toEqual([rig.source('/old').url]);
    expect((await cache.collect()).map(({ origin }) => origin)).toEqual([rig.source('/new').url]);
    expect((await cache.list()).map(({ origin }) => origin)).toEqual([rig.source('/held').url]);
  });
});
