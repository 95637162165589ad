import { link, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TarHeader } from '@boatload/engine';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/staging/limits.ts';
import { detectArchive } from '../../src/unpack/archive-kind.ts';
import { copyTree } from '../../src/unpack/copy-tree.ts';
import { type MakeTreeInput, makeTree, type TreeSize } from '../../src/unpack/make-tree.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { makeTar, type TarMember } from './archive-builders.ts';

const isRoot = process.getuid?.() === 0;
const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const owner = isRoot ? { uid: 1000, gid: 1001 } : self;
const time = new Date(Date.UTC(2001, 1, 3, 4, 5, 6));

async function unpackInto(parent: string, bytes: Buffer, input: Partial<MakeTreeInput> = {}): Promise<TreeSize> {
  const file = join(parent, 'archive');
  await writeFile(file, bytes);
  return await makeTree({
    file,
    archive: await detectArchive(file),
    fileName: 'data',
    directory: join(parent, 'tree'),
    owner,
    limits: defaultLimits,
    onProgress: () => undefined,
    reserve: async () => undefined,
    signal: new AbortController().signal,
    ...input,
  });
}

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
  it('has every path with its mode, owner and time, directories after their content', async () => {
    await using dir = await makeTemporaryDirectory();
    const { entries } = await unpackInto(dir.path, makeTar(members, { mtime: time }));
    const tree = join(dir.path, 'tree');
    expect(await showTree(tree)).toEqual(shown);
    expect(entries).toBe(Object.keys(shown).length - 1);
    expect(await readFile(join(tree, 'away'), 'utf8')).toBe('#!');
    expect(await readFile(join(tree, 'large'), 'utf8')).toBe('l'.repeat(1_500_001));
  });

  it('is copied for another owner with its modes, times and hard links', async () => {
    await using dir = await makeTemporaryDirectory();
    await unpackInto(dir.path, makeTar(members, { mtime: time }));
    const to = join(dir.path, 'copy');
    const { signal } = new AbortController();
    await copyTree({ from: join(dir.path, 'tree'), to, owner: self, reserve: async () => undefined, signal });
    expect(await showTree(to, self)).toEqual(shown);
    expect(await readFile(join(to, 'large'), 'utf8')).toBe('l'.repeat(1_500_001));
  });
});
