import { mkdir, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Durability } from '../../src/cache/durability.ts';
import { Entries } from '../../src/cache/entries.ts';
import { EntryFiles } from '../../src/cache/entry-files.ts';
import { silentLog } from '../../src/satellite-log.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { answerWith, type CacheRig, openRig, tarOf, wish } from './cache-rig.ts';

const fresh = { 'cache-control': 'max-age=3600' };

function collectWarnings() {
  const warnings: string[] = [];
  return { warnings, log: { ...silentLog, warn: (_fields: object, message: string) => void warnings.push(message) } };
}

/** Changes what an entry's facts say, while no cache is open. */
async function changeFacts({ directory }: CacheRig, id: string, change: object): Promise<void> {
  const file = join(directory, 'entries', id, 'entry.json');
  const facts: unknown = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...Object(facts), ...change }));
}

/** All at once, since the cache may just be writing there. */
async function removeEntries({ directory }: CacheRig): Promise<void> {
  await rename(join(directory, 'entries'), join(directory, 'removed'));
  await mkdir(join(directory, 'entries'));
}

describe('a cache that is opened again', () => {
  it('serves what it had without a request', async () => {
    await using rig = await openRig(answerWith(() => tarOf({ a: 'content' }), fresh));
    const before = await (async () => {
      await using cache = await rig.open();
      return await cache.tree(rig.source('/x'), wish('one'));
    })();
    await using cache = await rig.open({ holders: new Map([['one', [before.id]]]) });
    expect(cache.heldBy('one')).toEqual([before.id]);
    await expect(cache.remove(before.id)).rejects.toMatchObject({ code: 'conflict' });
    expect(await cache.tree(rig.source('/x'), wish('two'))).toEqual(before);
    expect(await readFile(join(before.directory, 'a'), 'utf8')).toBe('content');
    expect(rig.requests).toHaveLength(1);
    await cache.release('one');
    await cache.release('two');
    await cache.remove(before.id);
  });

  it('removes what was half-made', async () => {
    await using rig = await openRig(answerWith(() => ''));
    await (await rig.open())[Symbol.asyncDispose]();
    await mkdir(join(rig.directory, 'tmp', 'half', 'tree', 'deep'), { recursive: true });
    await writeFile(join(rig.directory, 'tmp', 'half', 'content'), 'half');
    await writeFile(join(rig.directory, 'tmp', 'half-written'), '{');
    await mkdir(join(rig.directory, 'entries', 'without-facts'));
    await using cache = await rig.open();
    expect(await cache.list()).toEqual([]);
    await vi.waitFor(async () => expect([await rig.names('tmp'), await rig.names('entries')]).toEqual([[], []]));
  });

  it('says which attempt uses what is lost', async () => {
    const { warnings, log } = collectWarnings();
    await using rig = await openRig(answerWith(() => ''));
    await using cache = await rig.open({ log, holders: new Map([['one', ['gone']]]) });
    expect(cache.heldBy('one')).toEqual([]);
    expect(warnings).toEqual(['an attempt uses an entry that the cache has lost']);
  });

  it('keeps what the disk had before the power was lost, and drops what it may not have had', async () => {
    await using rig = await openRig(answerWith(() => 'content', fresh));
    const { id } = await (async () => {
      await using cache = await rig.open();
      return await cache.file(rig.source('/x'), wish('one'));
    })();
    // It was brought to the disk while nobody waited for it.
    expect(await readFile(join(rig.directory, 'entries', id, 'entry.json'), 'utf8')).toContain('"synced":true');
    await changeFacts(rig, id, { boot: 'an earlier one' });
    {
      await using cache = await rig.open();
      expect(await cache.list()).toMatchObject([{ id }]);
    }
    await changeFacts(rig, id, { synced: false });
    const { warnings, log } = collectWarnings();
    await using cache = await rig.open({ log, holders: new Map([['one', [id]]]) });
    expect(await cache.list()).toEqual([]);
    expect(warnings).toHaveLength(2);
    expect(await rig.names('urls')).toEqual([]);
    await cache.file(rig.source('/x'), wish('two'));
    expect(rig.requests).toHaveLength(2);
  });

  it('brings to the disk what the same boot left unsynced', async () => {
    await using rig = await openRig(answerWith(() => 'content', fresh));
    const { id } = await (async () => {
      await using cache = await rig.open();
      return await cache.file(rig.source('/x'), wish('one'));
    })();
    await changeFacts(rig, id, { synced: false });
    await (await rig.open())[Symbol.asyncDispose]();
    expect(await readFile(join(rig.directory, 'entries', id, 'entry.json'), 'utf8')).toContain('"synced":true');
  });

  it.each([
    ['has lost its facts', (entry: string) => writeFile(join(entry, 'entry.json'), '')],
    ['is of another version', (entry: string) => writeFile(join(entry, 'entry.json'), '{"version":0}')],
    ['is shorter than it was', (entry: string) => truncate(join(entry, 'content'), 3)],
  ])('drops a file that %s', async (_what, harm) => {
    await using rig = await openRig(answerWith(() => 'content', fresh));
    const { id } = await (async () => {
      await using cache = await rig.open();
      return await cache.file(rig.source('/x'), wish('one'));
    })();
    await harm(join(rig.directory, 'entries', id));
    await using cache = await rig.open();
    expect(await cache.list()).toEqual([]);
    expect(await readFile((await cache.file(rig.source('/x'), wish('two'))).file, 'utf8')).toBe('content');
  });
});

describe('a cache whose entries somebody removed from the disk', () => {
  it.each([
    ['as it came', { unpack: false }],
    ['unpacked', {}],
    ['unpacked for somebody else', { owner: async () => ({ uid: 7, gid: 7 }) }],
  ])('brings content again that is wanted %s', async (_what, rest) => {
    await using rig = await openRig(answerWith(() => tarOf({ a: 'content' }), fresh));
    await using cache = await rig.open();
    await cache.tree(rig.source('/x'), wish('one'));
    await cache.tree(rig.source('/x'), wish('two', { unpack: false }));
    await removeEntries(rig);
    const { directory } = await cache.tree(rig.source('/x'), wish('three', rest));
    expect(await readdir(directory)).toHaveLength(1);
  });

  it('lets go of them without a complaint', async () => {
    await using rig = await openRig(answerWith(() => 'content', fresh));
    await using cache = await rig.open();
    await cache.file(rig.upload('uploaded'), wish('one'));
    const { id } = await cache.file(rig.source('/x'), wish('two'));
    await removeEntries(rig);
    await cache.release('one');
    await cache.release('two');
    await cache.remove(id);
    expect(await cache.list()).toEqual([]);
  });
});

describe('where the system cannot bring a whole disk up to date', () => {
  it('files become durable, and trees do not count as it', async () => {
    await using dir = await makeTemporaryDirectory();
    const files = await EntryFiles.open(dir.path, silentLog);
    const options = { files, dropsUnpacked: false, onGone: () => undefined, log: silentLog, clock: Date.now };
    const entries = new Entries(options);
    const durability = new Durability({ files, entries, libc: undefined, log: silentLog });
    const facts = { sha256: 'abc', contentBytes: 4, bytes: 4, archive: null, origin: null, transient: false, boot: '' };
    const workplaces = [await files.makeWorkplace(), await files.makeWorkplace()] as const;
    await writeFile(files.contentIn(workplaces[0]), 'file');
    await mkdir(files.treeIn(workplaces[1]));
    using file = await entries.add(workplaces[0], { ...facts, tree: null });
    using tree = await entries.add(workplaces[1], { ...facts, tree: { owner: { uid: 0, gid: 0 }, fileName: null } });
    durability.add(file.entry);
    durability.add(tree.entry);
    await durability.settle();
    expect([file.entry.facts.synced, tree.entry.facts.synced]).toEqual([true, false]);
    await files.close();
  });
});
