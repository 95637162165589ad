import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { answerWith, makeGate, openRig, sha256, tarOf, wish } from './cache-rig.ts';

const archive = gzipSync(tarOf({ 'a.txt': 'content of a', 'sub/b.txt': 'content of b' }));

describe('data that several attempts want', () => {
  it('are fetched and unpacked once for twenty at the same moment', async () => {
    await using rig = await openRig(answerWith(() => archive));
    // Room for one that unpacks, which asks for 16 MiB at a time.
    await using cache = await rig.open({ quotaBytes: 20 * 1_048_576 });
    const steps = new Set<string>();
    const trees = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        cache.tree(
          rig.source('/data.tar.gz'),
          wish(`attempt-${at}`, { onProgress: (step) => steps.add(`${at} ${step}`) }),
        ),
      ),
    );
    expect(rig.requests).toEqual(['/data.tar.gz 200']);
    expect(new Set(trees.map(({ id }) => id)).size).toBe(1);
    expect(steps.size).toBe(40);
    const [{ directory } = { directory: '' }] = trees;
    expect(await readFile(join(directory, 'sub', 'b.txt'), 'utf8')).toBe('content of b');
    // The archive itself is gone: the disk holds the data once.
    expect(await cache.list()).toMatchObject([
      { form: 'tree', in_use: 20, sha256: sha256(archive), node: 'here', origin: rig.source('/data.tar.gz').url },
    ]);
    await vi.waitFor(async () => expect(await rig.names('tmp')).toEqual([]));
    expect(await rig.names('entries')).toHaveLength(1);
  });

  it('belong to each owner without being fetched again', async () => {
    await using rig = await openRig(answerWith(() => archive, { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    const first = await cache.tree(rig.source('/data'), wish('one'));
    const second = await cache.tree(
      rig.source('/data'),
      wish('two', { owner: async () => ({ uid: 1234, gid: 5678 }) }),
    );
    expect(second.id).not.toBe(first.id);
    expect(await stat(join(second.directory, 'a.txt'))).toMatchObject({ uid: 1234, gid: 5678, size: 12 });
    expect(await stat(second.directory)).toMatchObject({ uid: 1234, gid: 5678 });
    expect(await stat(join(first.directory, 'a.txt'))).toMatchObject({ uid: 1000, gid: 1000 });
    expect(rig.requests).toHaveLength(1);
  });

  it('are fetched while their owner is still looked for', async () => {
    const asked = makeGate();
    await using rig = await openRig((request, response) => {
      asked.open();
      answerWith(() => archive)(request, response);
    });
    await using cache = await rig.open();
    const owner = async () => {
      await asked.opened;
      return { uid: 7, gid: 7 };
    };
    const { directory } = await cache.tree(rig.source('/data'), wish('one', { owner }));
    expect(await stat(directory)).toMatchObject({ uid: 7 });
  });

  it('are placed as they are under the name that is wished, else the URL’s, else «data»', async () => {
    await using rig = await openRig(answerWith(() => 'a,b\n', { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    const named = await cache.tree(rig.source('/table.csv'), wish('one', { fileName: 'mine.csv' }));
    const plain = await cache.tree(rig.source('/table.csv'), wish('two'));
    const nameless = await cache.tree(rig.source('/'), wish('three'));
    expect(await readdir(named.directory)).toEqual(['mine.csv']);
    expect(await readdir(plain.directory)).toEqual(['table.csv']);
    expect(await readdir(nameless.directory)).toEqual(['data']);
    expect(await readFile(join(plain.directory, 'table.csv'), 'utf8')).toBe('a,b\n');
    // Each URL once: a second name of the same content is made from the first.
    expect(rig.requests).toEqual(['/table.csv 200', '/ 200']);
  });

  it('are unpacked for the one and not for the other, in either order', async () => {
    await using rig = await openRig(answerWith(() => archive, { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    const asIs = await cache.tree(rig.source('/one'), wish('one', { unpack: false, fileName: 'x.tgz' }));
    const unpacked = await cache.tree(rig.source('/one'), wish('two'));
    expect(await readFile(join(asIs.directory, 'x.tgz'))).toEqual(archive);
    expect((await readdir(unpacked.directory)).sort()).toEqual(['a.txt', 'sub']);
    expect(rig.requests).toHaveLength(1);
    await cache.release('one');
    await cache.remove(asIs.id);
    // Nothing has the archive itself any more.
    const again = await cache.tree(rig.source('/one'), wish('three', { unpack: false, fileName: 'x.tgz' }));
    expect(await readFile(join(again.directory, 'x.tgz'))).toEqual(archive);
    expect(rig.requests).toHaveLength(2);
  });

  it('are kept as a file where somebody uses the file', async () => {
    await using rig = await openRig(answerWith(() => archive, { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    const file = await cache.file(rig.source('/x.tgz'), wish('one'));
    expect(file).toMatchObject({ size: archive.length, fileName: 'x.tgz' });
    await cache.tree(rig.source('/x.tgz'), wish('two'));
    expect(await readFile(file.file)).toEqual(archive);
    await cache.release('one');
    expect(await cache.list()).toMatchObject([{ form: 'tree' }]);
    expect(rig.requests).toHaveLength(1);
  });

  it('stay files where no trees are wanted', async () => {
    await using rig = await openRig(answerWith(() => archive, { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open({ trees: false });
    await cache.tree(rig.source('/x.tgz'), wish('one'));
    expect((await cache.list()).map(({ form }) => form).sort()).toEqual(['file', 'tree']);
  });

  it('are not shared by two log-ins of the same URL', async () => {
    await using rig = await openRig(answerWith(() => archive, { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    const { url } = rig.source('/secret?key=1');
    const login = (user: string) => ({ kind: 'url', url: url.replace('http://', `http://${user}:pass@`) }) as const;
    await cache.file(login('ann'), wish('one'));
    await cache.file(login('bob'), wish('two'));
    expect(rig.requests).toHaveLength(2);
    const list = await cache.list();
    expect(JSON.stringify(list)).not.toMatch(/ann|pass|key=/);
    // What both were given turned out to be the same.
    expect(list).toHaveLength(1);
  });
});

describe('a wait for data', () => {
  it('may be given up while another goes on, and ends the fetch with the last', async () => {
    const gate = makeGate();
    const closed = makeGate();
    await using rig = await openRig(async (_request, response) => {
      response.once('close', closed.open);
      response.writeHead(200, { 'content-length': 4 });
      response.write('ab');
      await gate.opened;
      response.end('cd');
    });
    await using cache = await rig.open();
    const [impatient, patient] = [new AbortController(), new AbortController()];
    const begun = makeGate();
    const leaving = cache.file(rig.source('/slow'), wish('one', { signal: impatient.signal }));
    const staying = cache.file(
      rig.source('/slow'),
      wish('two', { signal: patient.signal, onProgress: (_step, done) => (done > 0 ? begun.open() : undefined) }),
    );
    await begun.opened;
    impatient.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    expect(cache.heldBy('one')).toEqual([]);
    const last = expect(staying).rejects.toMatchObject({ name: 'AbortError' });
    patient.abort();
    await last;
    await closed.opened;
    await vi.waitFor(async () => expect(await rig.names('tmp')).toEqual([]));
    expect(await cache.list()).toEqual([]);
    gate.open();
    expect(await cache.file(rig.source('/slow'), wish('three'))).toMatchObject({ size: 4 });
  });

  it('ends unpacking, too, when it is the last', async () => {
    const many = gzipSync(
      tarOf(Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`${at}`, 'x'.repeat(900)]))),
    );
    await using rig = await openRig(answerWith(() => many, { 'cache-control': 'max-age=3600' }));
    await using cache = await rig.open();
    const impatient = new AbortController();
    const onProgress = (step: string): void => {
      if (step === 'unpacking') impatient.abort();
    };
    const leaving = cache.tree(rig.source('/many'), wish('one', { signal: impatient.signal, onProgress }));
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    await vi.waitFor(async () => expect(await rig.names('tmp')).toEqual([]), { timeout: 10_000 });
    expect(await cache.list()).toMatchObject([{ form: 'file', in_use: 0 }]);
    const { directory } = await cache.tree(rig.source('/many'), wish('two'));
    expect(await readdir(directory)).toHaveLength(3_000);
    expect(rig.requests).toHaveLength(1);
  });

  it('fails with all others, and leaves nothing', async () => {
    await using rig = await openRig((_request, response) => response.writeHead(404).end('no'));
    await using cache = await rig.open();
    const results = await Promise.allSettled([1, 2, 3].map((at) => cache.tree(rig.source('/x'), wish(`${at}`))));
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'fetch_failed' } });
    expect(rig.requests).toEqual(['/x 404']);
    expect(await cache.list()).toEqual([]);
    await vi.waitFor(async () => expect(await rig.names('tmp')).toEqual([]));
    expect(await rig.names('urls')).toEqual([]);
  });

  it('fails with all others when the archive is broken, and holds nothing', async () => {
    const broken = tarOf({ a: 'x'.repeat(5_000) }).subarray(0, 2_000);
    await using rig = await openRig(answerWith(() => broken));
    await using cache = await rig.open();
    const results = await Promise.allSettled([1, 2].map((at) => cache.tree(rig.source('/x'), wish(`${at}`))));
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'archive_invalid' } });
    expect(cache.heldBy('1')).toEqual([]);
    expect(await cache.list()).toMatchObject([{ form: 'file', in_use: 0 }]);
    await vi.waitFor(async () => expect(await rig.names('tmp')).toEqual([]));
  });

  it('does not fail for the sake of one who wants other content or less', async () => {
    await using rig = await openRig(answerWith(() => 'content'));
    await using cache = await rig.open();
    const results = await Promise.allSettled([
      cache.file({ ...rig.source('/x'), sha256: '0'.repeat(64) }, wish('one')),
      cache.file(rig.source('/x'), wish('two', { limitBytes: 3 })),
      cache.file(rig.source('/x'), wish('three')),
    ]);
    expect(results).toMatchObject([
      { reason: { code: 'digest_mismatch' } },
      { reason: { code: 'fetch_too_large' } },
      { value: { size: 7 } },
    ]);
    await expect(cache.file(rig.source('/x'), wish('four', { limitBytes: 3 }))).rejects.toMatchObject({
      code: 'fetch_too_large',
    });
  });

  it('is ended when the cache is closed', async () => {
    await using rig = await openRig((_request, response) => {
      response.writeHead(200, { 'content-length': 4 });
      response.write('ab');
    });
    const cache = await rig.open();
    const begun = makeGate();
    const waiting = cache.file(
      rig.source('/slow'),
      wish('one', { onProgress: (_step, done) => (done > 0 ? begun.open() : undefined) }),
    );
    const told = expect(waiting).rejects.toMatchObject({ code: 'shutting_down' });
    await begun.opened;
    await cache[Symbol.asyncDispose]();
    await told;
    await vi.waitFor(async () => expect(await rig.names('tmp')).toEqual([]));
    await expect(cache.file(rig.source('/x'), wish('two'))).rejects.toMatchObject({ code: 'shutting_down' });
  });
});
