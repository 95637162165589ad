import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeTarHeader, type TarHeader, tarEnd, tarPadding } from '@boatload/engine';
import { describe, expect, it } from 'vitest';
import { fillDirectories } from '../../src/mounts/fill-directories.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

interface Placed extends Partial<Omit<TarHeader, 'path' | 'linkPath'>> {
  /** One character for each byte. */
  readonly path: string;
  readonly link?: string;
  readonly body?: string;
}

const isRoot = process.getuid?.() === 0;
const owner = isRoot ? { uid: 1000, gid: 1001 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const time = new Date(Date.UTC(2001, 1, 3, 4, 5, 6));

async function* tarOf(entries: readonly Placed[]): AsyncGenerator<Uint8Array> {
  for (const { path, link, body = '', ...header } of entries) {
    yield encodeTarHeader({
      type: 'file',
      mode: 0o640,
      ...owner,
      mtime: time,
      size: body.length,
      ...header,
      path: Buffer.from(path, 'latin1'),
      ...(link === undefined ? {} : { linkPath: Buffer.from(link, 'latin1') }),
    });
    yield Buffer.from(body, 'latin1');
    yield tarPadding(body.length);
  }
  yield tarEnd;
}

/** Fills the mount /data of a directory, and shows what lies there: mode, owner, time and kind of each path. */
async function fill(directory: string, entries: readonly Placed[]): Promise<Record<string, string>> {
  await fillDirectories(tarOf([{ path: 'data', type: 'directory', mode: 0o755 }, ...entries]), [
    { path: '/boatload', directory: join(directory, 'script') },
    { path: '/data', directory: join(directory, 'data') },
  ]);
  const names = await readdir(join(directory, 'data'), { recursive: true, encoding: 'latin1' });
  const shown = await Promise.all(['', ...names].map(async (name) => [name, await show(directory, name)] as const));
  return Object.fromEntries(shown);
}

async function show(directory: string, name: string): Promise<string> {
  const path = Buffer.concat([Buffer.from(`${directory}/data/`), Buffer.from(name, 'latin1')]);
  const { mode, uid, gid, mtime, nlink } = await lstat(name === '' ? join(directory, 'data') : path);
  const isOurs = uid === owner.uid && gid === owner.gid && mtime.getTime() === time.getTime();
  const type = { 4: 'directory', 8: `file of ${nlink}`, 10: 'symlink' }[mode >> 12] ?? 'other';
  return `${type} ${(mode & 0o7777).toString(8)}${isOurs ? '' : ' of another owner or time'}`;
}

describe('directories of this machine, filled', () => {
  it('have every path with its mode, owner and time, directories after their content', async () => {
    await using dir = await makeTemporaryDirectory();
    const found = await fill(dir.path, [
      { path: 'data/sub', type: 'directory', mode: 0o700 },
      { path: 'data/sub/run', body: '#!', mode: 0o755 },
      { path: 'data/sub/closed', body: 'x', mode: 0o000 },
      { path: 'data/caf\xe9\n', body: 'raw' },
      { path: 'data/same', type: 'link', link: 'data/caf\xe9\n' },
      { path: 'data/away', type: 'symlink', link: 'sub/run', mode: 0o777 },
    ]);
    expect(found).toEqual({
      '': 'directory 755',
      sub: 'directory 700',
      'sub/run': 'file of 1 755',
      'sub/closed': 'file of 1 0',
      'caf\xe9\n': 'file of 2 640',
      same: 'file of 2 640',
      away: 'symlink 777',
    });
    expect(await readFile(join(dir.path, 'data', 'away'), 'utf8')).toBe('#!');
  });

  it('have what came last under a name, and other names of what came first', async () => {
    await using dir = await makeTemporaryDirectory();
    await fill(dir.path, [
      { path: 'data/a', body: 'first' },
      { path: 'data/b', type: 'link', link: 'data/a' },
      { path: 'data/a', body: 'second' },
    ]);
    expect(await readFile(join(dir.path, 'data', 'a'), 'utf8')).toBe('second');
    expect(await readFile(join(dir.path, 'data', 'b'), 'utf8')).toBe('first');
  });

  it('do not let a symbolic link lead out: a file takes its place', async () => {
    await using dir = await makeTemporaryDirectory();
    await writeFile(join(dir.path, 'outside'), 'kept');
    await fill(dir.path, [
      { path: 'data/a', type: 'symlink', link: '../outside' },
      { path: 'data/a', body: 'inside' },
    ]);
    expect(await readFile(join(dir.path, 'outside'), 'utf8')).toBe('kept');
    expect(await readFile(join(dir.path, 'data', 'a'), 'utf8')).toBe('inside');
  });

  it.each<[string, readonly Placed[]]>([
    [
      'a directory where a symbolic link is',
      [
        { path: 'data/a', type: 'symlink', link: '../outside' },
        { path: 'data/a', type: 'directory', mode: 0o755 },
      ],
    ],
    [
      'a directory where a file is',
      [
        { path: 'data/a', body: 'x' },
        { path: 'data/a', type: 'directory', mode: 0o755 },
      ],
    ],
    [
      'a file where a directory is',
      [
        { path: 'data/a', type: 'directory', mode: 0o755 },
        { path: 'data/a', body: 'x' },
      ],
    ],
    ['a hard link to what is not there', [{ path: 'data/a', type: 'link', link: 'data/none' }]],
    ['a hard link to itself', [{ path: 'data/a', type: 'link', link: 'data/a' }]],
    ['a name that is too long', [{ path: `data/${'a'.repeat(300)}`, body: 'x' }]],
  ])('refuse %s', async (_title, entries) => {
    await using dir = await makeTemporaryDirectory();
    await mkdir(join(dir.path, 'outside'));
    await expect(fill(dir.path, entries)).rejects.toMatchObject({ code: 'archive_invalid' });
    expect(await readdir(join(dir.path, 'outside'))).toEqual([]);
  });

  it('are not filled through a link that stands in their own place', async () => {
    await using dir = await makeTemporaryDirectory();
    await mkdir(join(dir.path, 'outside'));
    await symlink('outside', join(dir.path, 'data'));
    await expect(fill(dir.path, [{ path: 'data/a', body: 'x' }])).rejects.toMatchObject({ code: 'archive_invalid' });
    expect(await readdir(join(dir.path, 'outside'))).toEqual([]);
    expect(await readlink(join(dir.path, 'data'))).toBe('outside');
  });

  it.each(['database/a', 'boatload2', 'etc/passwd'])('take nothing that lies in none of them: %s', async (path) => {
    await using dir = await makeTemporaryDirectory();
    await expect(fill(dir.path, [{ path, body: 'x' }])).rejects.toMatchObject({ code: 'internal' });
    expect(await readdir(dir.path)).toEqual(['data']);
  });
});
