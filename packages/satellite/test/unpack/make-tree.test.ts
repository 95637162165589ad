import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { copyTree } from '../../src/unpack/tree/copy-tree.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { writeZip } from '../harness/zip-writer.ts';
import { makeTar, type TarMember } from './archive-builders.ts';
import { compressedTars } from './compressed-tars.ts';
import { storeXz, storeZstd } from './compression-builders.ts';
import { makeTreeOf, owner, self } from './tree-rig.ts';

const time = new Date(Date.UTC(2001, 1, 3, 4, 5, 6));
const { signal } = new AbortController();

/** Every path of a tree: kind, names, mode, and whether owner and time are the expected ones. */
async function showTree(directory: string, expected = owner): Promise<Record<string, string>> {
  const names = await readdir(directory, { recursive: true, encoding: 'latin1' });
  const shown = ['', ...names].map(async (name) => {
    const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')]);
    const { mode, uid, gid, mtime, nlink } = await lstat(name === '' ? directory : path);
    const isOwners = uid === expected.uid && gid === expected.gid;
    const isOld = name === '' || mtime.getTime() === time.getTime();
    const type = { 4: 'directory', 8: `file of ${nlink}`, 10: 'symlink' }[mode >> 12] ?? 'other';
    return [name, `${type} ${(mode & 0o7777).toString(8)}${isOwners && isOld ? '' : ' of another owner or time'}`];
  });
  return Object.fromEntries(await Promise.all(shown));
}

const members: readonly TarMember[] = [
  { path: 'sub', type: 'directory', mode: 0o500 },
  { path: 'sub/run', body: '#!', mode: 0o4755 },
  { path: 'sub/closed', body: 'x', mode: 0o000 },
  { path: 'caf\xe9\n', body: 'raw', mode: 0o666 },
  { path: 'same', type: 'link', link: 'caf\xe9\n' },
  { path: 'away', type: 'symlink', link: 'sub/run' },
  { path: 'large', body: 'l'.repeat(1_500_001) },
  { path: 'empty', body: '' },
  { path: 'un/named/deep', body: 'deep' },
];

const shown = {
  '': 'directory 755',
  sub: 'directory 500',
  'sub/run': 'file of 1 755',
  'sub/closed': 'file of 1 0',
  'caf\xe9\n': 'file of 2 666',
  same: 'file of 2 666',
  away: 'symlink 777',
  large: 'file of 1 644',
  empty: 'file of 1 644',
  un: 'directory 755',
  'un/named': 'directory 755',
  'un/named/deep': 'file of 1 644',
};

describe('a tree made from an archive', () => {
  it.each<[string, (tar: Buffer) => Buffer]>([
    ['tar', (tar) => tar],
    ['tar.gz', (tar) => gzipSync(tar)],
    ['tar.gz of two members', (tar) => Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))])],
    ['tar.zst', (tar) => storeZstd(tar)],
    ['tar.zst of two frames', (tar) => Buffer.concat([storeZstd(tar.subarray(0, 700)), storeZstd(tar.subarray(700))])],
    ['tar.xz', (tar) => storeXz(tar)],
    ['tar.xz of two streams', (tar) => Buffer.concat([storeXz(tar.subarray(0, 700)), storeXz(tar.subarray(700))])],
  ])('has every path with its mode, owner and time, directories after their content: %s', async (_kind, pack) => {
    await using dir = await makeTemporaryDirectory();
    const { entries, bytes } = await makeTreeOf(dir.path, pack(makeTar(members, { mtime: time })));
    const tree = join(dir.path, 'tree');
    expect(await showTree(tree)).toEqual(shown);
    expect(entries).toBe(Object.keys(shown).length - 1);
    expect(bytes).toBeGreaterThanOrEqual(await diskBytes(tree));
    expect(await readFile(join(tree, 'away'), 'utf8')).toBe('#!');
    expect(await readFile(join(tree, 'large'), 'utf8')).toBe('l'.repeat(1_500_001));
  });

  it.each(Object.entries(compressedTars))('is what the tool compressed: %s', async (_name, base64) => {
    await using dir = await makeTemporaryDirectory();
    await makeTreeOf(dir.path, Buffer.from(base64, 'base64'));
    const content = await readFile(join(dir.path, 'tree', 'l'), 'utf8');
    const words = Array.from({ length: 700 }, (_, index) => String((index * index) % 9_973)).join(' ');
    expect(content).toBe(words + ' the quick brown fox '.repeat(60));
  });

  it.each(['xzCrc64', 'xzSha256'] as const)('is refused where a bit of it is wrong: %s', async (name) => {
    await using dir = await makeTemporaryDirectory();
    const bytes = Buffer.from(compressedTars[name], 'base64');
    bytes[bytes.length - 300] = (bytes[bytes.length - 300] ?? 0) ^ 0x10;
    const made = makeTreeOf(dir.path, bytes, { archive: 'tar.xz' });
    await expect(made).rejects.toMatchObject({ code: 'archive_invalid' });
  });

  it('is refused where its content does not have the checksum of its zstd frame', async () => {
    await using dir = await makeTemporaryDirectory();
    const bytes = Buffer.from(compressedTars.zstd, 'base64');
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    await expect(makeTreeOf(dir.path, bytes)).rejects.toMatchObject({ code: 'archive_invalid' });
  });

  it('has what came last under a name, and other names of what came first', async () => {
    await using dir = await makeTemporaryDirectory();
    const duplicate = [
      { path: 'a', body: 'first' },
      { path: 'b', type: 'link' as const, link: 'a' },
      { path: 'a', body: 'second' },
    ];
    await makeTreeOf(dir.path, makeTar(duplicate));
    expect(await readFile(join(dir.path, 'tree', 'a'), 'utf8')).toBe('second');
    expect(await readFile(join(dir.path, 'tree', 'b'), 'utf8')).toBe('first');
  });

  it('tells how far it is in bytes of the archive: tar.gz and zip', async () => {
    for (const bytes of [gzipSync(makeTar(members)), writeZip([{ name: 'a', content: 'abc', deflate: true }])]) {
      await using dir = await makeTemporaryDirectory();
      const told: number[] = [];
      const onProgress = (done: number, total: number) => {
        expect(total).toBe(bytes.length);
        told.push(done);
      };
      await makeTreeOf(dir.path, bytes, { onProgress });
      expect(told.at(-1)).toBeGreaterThan(0);
      expect(told).toEqual([...told].sort((one, other) => one - other));
    }
  });

  it('is not begun where something is, and leaves that alone', async () => {
    await using dir = await makeTemporaryDirectory();
    await mkdir(join(dir.path, 'outside'));
    await symlink('outside', join(dir.path, 'tree'));
    await expect(makeTreeOf(dir.path, makeTar(members))).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readdir(join(dir.path, 'outside'))).toEqual([]);
    expect((await lstat(join(dir.path, 'tree'))).isSymbolicLink()).toBe(true);
  });

  it('is removed when there is no space for it; space is asked for before it is written to', async () => {
    await using dir = await makeTemporaryDirectory();
    const asked: number[] = [];
    const reserve = async (bytes: number) => {
      asked.push(bytes);
      if (asked.length === 2) throw new Error('no space');
    };
    const large = Array.from({ length: 3 }, (_, index) => ({ path: `${index}`, body: Buffer.alloc(9_000_000) }));
    await expect(makeTreeOf(dir.path, makeTar(large), { reserve })).rejects.toThrow('no space');
    expect(asked).toEqual([16 * 1_048_576, 16 * 1_048_576]);
    expect(await readdir(dir.path)).toEqual(['archive']);
  });

  it('is removed when it is given up', async () => {
    await using dir = await makeTemporaryDirectory();
    const abort = new AbortController();
    const onProgress = () => abort.abort();
    const made = makeTreeOf(dir.path, makeTar(members), { onProgress, signal: abort.signal });
    await expect(made).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(dir.path)).toEqual(['archive']);
  });
});

describe('a tree of one file', () => {
  it('has a copy of it under its name', async () => {
    await using dir = await makeTemporaryDirectory();
    const { entries } = await makeTreeOf(dir.path, Buffer.from('a,b'), { fileName: 'tést.csv', archive: undefined });
    expect(await readFile(join(dir.path, 'tree', 'tést.csv'), 'utf8')).toBe('a,b');
    const { uid, gid, mode } = await lstat(join(dir.path, 'tree', 'tést.csv'));
    expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ ...owner, mode: 0o644 });
    expect(entries).toBe(1);
  });

  it.each(['', '.', '..', '../canary', 'a/b', 'a\0', 'n'.repeat(256)])(
    'is not made under the name %j',
    async (fileName) => {
      await using dir = await makeTemporaryDirectory();
      const made = makeTreeOf(dir.path, Buffer.from('x'), { fileName, archive: undefined });
      await expect(made).rejects.toMatchObject({ code: 'internal' });
      expect(await readdir(dir.path)).toEqual(['archive']);
    },
  );
});

describe('a tree copied for another owner', () => {
  it('has the same modes, times and hard links', async () => {
    await using dir = await makeTemporaryDirectory();
    const made = await makeTreeOf(dir.path, makeTar(members, { mtime: time }));
    const to = join(dir.path, 'copy');
    const copied = await copyTree({
      from: join(dir.path, 'tree'),
      to,
      owner: self,
      reserve: async () => undefined,
      signal,
    });
    expect(await showTree(to, self)).toEqual(shown);
    expect(await readFile(join(to, 'large'), 'utf8')).toBe('l'.repeat(1_500_001));
    expect(copied).toEqual(made);
  });

  it('is removed when there is no space for it', async () => {
    await using dir = await makeTemporaryDirectory();
    await makeTreeOf(dir.path, makeTar(members));
    await writeFile(join(dir.path, 'canary'), '');
    const reserve = async () => {
      throw new Error('no space');
    };
    const copied = copyTree({ from: join(dir.path, 'tree'), to: join(dir.path, 'copy'), owner: self, reserve, signal });
    await expect(copied).rejects.toThrow('no space');
    expect((await readdir(dir.path)).sort()).toEqual(['archive', 'canary', 'tree']);
  });
});

/** What a tree takes on the disk, each inode once. */
async function diskBytes(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true, encoding: 'latin1' });
  const blocks = new Map<number, number>();
  for (const name of ['', ...names]) {
    const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')]);
    const stats = await lstat(path);
    blocks.set(stats.ino, stats.blocks);
  }
  return [...blocks.values()].reduce((sum, count) => sum + count * 512, 0);
}
