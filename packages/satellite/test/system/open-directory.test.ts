import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync } from 'node:fs';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectEngine } from '@boatload/engine';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../../../engine/test/tar/tar-bytes.ts';
import { readViewChanges } from '../../src/changes/view-changes.ts';
import { streamArchive } from '../../src/files/archive-changes.ts';
import { DirectoryChain } from '../../src/system/directory-chain.ts';
import { type LibC, loadLibC } from '../../src/system/libc.ts';
import { OpenDirectory } from '../../src/system/open-directory.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { makeTarget } from '../read-target.ts';

const engine = connectEngine();
afterAll(() => engine.close());

const libc = await loadLibC();

function open(path: string, calls?: LibC): OpenDirectory {
  const directory = OpenDirectory.open(path, calls);
  if (directory === undefined) throw new Error(`There is no directory ${path}.`);
  return directory;
}

test('the C library can be called here', () => {
  expect(libc?.statAt).toBeDefined();
});

describe.each([
  ['by calls of the C library', libc],
  ['by Node alone', undefined],
])('an open directory, read %s,', (_name, calls) => {
  test('finds what is in it by the bytes of names, in their order', async () => {
    await using root = await makeTemporaryDirectory();
    await writeFile(Buffer.from(`${root.path}/r\xffw\n`, 'latin1'), 'content');
    await mkdir(join(root.path, 'dir'));
    await symlink('dir', join(root.path, 'link'));
    using directory = open(root.path, calls);
    expect(await directory.names()).toEqual(['dir', 'link', 'r\xffw\n']);
    const { mode, uid, gid, rdev, size, mtimeMs } = lstatSync(Buffer.from(`${root.path}/r\xffw\n`, 'latin1'));
    expect(directory.stat('r\xffw\n')).toMatchObject({ mode, uid, gid, rdev, size, mtimeMs });
    expect(size).toBe(7);
    expect(directory.readLink('link')?.toString()).toBe('dir');
    using file = directory.openFile('r\xffw\n');
    expect((await file?.read(0, 100))?.toString()).toBe('content');
    expect((await file?.read(7, 100))?.length).toBe(0);
    using child = directory.openChild('dir');
    expect(await child?.names()).toEqual([]);
  });

  test('follows no link, and opens nothing but regular files', async () => {
    await using root = await makeTemporaryDirectory();
    const path = (name: string): string => join(root.path, name);
    await mkdir(path('dir'));
    await writeFile(path('file'), '');
    await symlink('dir', path('to-dir'));
    await symlink('file', path('to-file'));
    await run('mkfifo', [path('fifo')]);
    await run('mknod', [path('null'), 'c', '1', '3']);
    expect(OpenDirectory.open(path('to-dir'), calls)).toBeUndefined();
    expect(OpenDirectory.open(path('missing'))).toBeUndefined();
    using directory = open(root.path, calls);
    for (const name of ['to-dir', 'file', 'missing']) expect(directory.openChild(name), name).toBeUndefined();
    for (const name of ['to-file', 'dir', 'fifo', 'null', 'missing']) {
      expect(directory.openFile(name), name).toBeUndefined();
    }
    expect(directory.readLink('file')).toBeUndefined();
    expect(directory.stat('missing')).toBeUndefined();
    expect(directory.stat('x'.repeat(300))).toBeUndefined();
    expect(directory.stat('to-file')?.mode).toBe(0o120777);
    await utimes(path('null'), -5, -1_000_000_000);
    await run('mknod', [path('other'), 'b', '300', '70000']);
    for (const name of ['null', 'other', 'fifo']) {
      const { mode, rdev, mtimeMs } = lstatSync(path(name));
      expect(directory.stat(name)).toMatchObject({ mode, rdev, mtimeMs });
    }
  });

  test.each(['', '.', '..', 'dir/file', '../etc', 'dir\0'])('refuses %j, which is not the name of an entry', (name) => {
    using directory = open('/tmp', calls);
    const lookups = [
      () => directory.openChild(name),
      () => directory.stat(name),
      () => directory.openFile(name),
      () => directory.readLink(name),
    ];
    for (const call of lookups) expect(call).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  test('refuses to be read after it was closed: its number may be that of another', () => {
    const directory = open('/tmp', calls);
    directory.close();
    directory.close();
    expect(() => directory.stat('x')).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});

test('a way of many directories can be gone up and down, and says when it is gone', async () => {
  await using root = await makeTemporaryDirectory();
  await mkdir(join(root.path, 'd/'.repeat(100)), { recursive: true });
  await writeFile(join(root.path, 'd', 'near'), '');
  using chain = DirectoryChain.open(root.path, libc);
  if (chain === undefined) throw new Error('There is no such directory.');
  for (let depth = 0; depth < 100; depth += 1) expect(chain.enter('d')).toBe(true);
  expect(chain.enter('d')).toBe(false);
  expect(await chain.current?.names()).toEqual([]);
  for (let depth = 99; depth >= 50; depth -= 1) chain.leave();
  expect(await chain.current?.names()).toEqual(['d']);
  expect(chain.enter('d')).toBe(true);
  for (let depth = 50; depth >= 1; depth -= 1) chain.leave();
  expect(await chain.current?.names()).toEqual(['d', 'near']);
});

describe('against a program that swaps a directory and a file for links to a secret outside', () => {
  const secret = 'the canary';
  const swap = `const fs = require('fs'); const [, root, outside] = process.argv; process.chdir(root);
    let swaps = 0; const end = Date.now() + 2000; console.log('swapping');
    while (Date.now() < end) { swaps += 1;
      fs.renameSync('d/dir', 'd/away'); fs.symlinkSync(outside, 'd/dir'); fs.unlinkSync('d/dir'); fs.renameSync('d/away', 'd/dir');
      fs.renameSync('d/dir/file', 'd/away'); fs.symlinkSync(outside + '/file', 'd/dir/file'); fs.unlinkSync('d/dir/file'); fs.renameSync('d/away', 'd/dir/file'); }
    console.log(swaps);`;

  async function race(read: (root: string) => Promise<void>): Promise<number> {
    await using outside = await makeTemporaryDirectory();
    await writeFile(join(outside.path, 'file'), secret);
    await writeFile(join(outside.path, 'only-outside'), secret);
    await using inside = await makeTemporaryDirectory();
    await mkdir(join(inside.path, 'd', 'dir'), { recursive: true });
    await writeFile(join(inside.path, 'd', 'dir', 'file'), 'harmless');
    const child = spawn(process.execPath, ['-e', swap, inside.path, outside.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    child.stdout.on('data', (chunk) => said.push(String(chunk)));
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    while (child.exitCode === null) await read(inside.path);
    await ended;
    expect(child.exitCode).toBe(0);
    return Number(said.join('').split('\n')[1]);
  }

  test.each([
    ['by calls of the C library', libc],
    ['by Node alone', undefined],
  ])('no byte of it is read by a walk %s', async (_name, calls) => {
    const seen = { harmless: 0, gone: 0 };
    const contents = new Set<string>();
    const swaps = await race(async (path) => {
      using root = open(path, calls);
      for (let turn = 0; turn < 200; turn += 1) {
        using directory = root.openChild('d');
        using inner = directory?.openChild('dir');
        for (const name of (await inner?.names()) ?? []) contents.add(name);
        using file = inner?.openFile('file');
        if (file === undefined) seen.gone += 1;
        else {
          seen.harmless += 1;
          contents.add((await file.read(0, 100)).toString());
        }
      }
      await new Promise(setImmediate);
    });
    console.log(`${swaps} swaps: ${seen.harmless} times read, ${seen.gone} times gone`);
    expect(swaps).toBeGreaterThan(100);
    expect(seen.harmless).toBeGreaterThan(0);
    expect(seen.gone).toBeGreaterThan(0);
    expect([...contents].sort()).toEqual(['file', 'harmless']);
  });

  test('no byte of it is in the list and the archive of a view', async () => {
    await using lower = await makeTemporaryDirectory();
    await using made = await makeTarget(engine, { script: 'true' });
    const paths = new Set<string>();
    let archives = 0;
    const skips = { itself: () => false, below: () => false };
    await race(async (upper) => {
      const view = { lower: lower.path, upper };
      for (let turn = 0; turn < 50; turn += 1) {
        for await (const { key } of readViewChanges(view, { mountPoint: '/data', skips })) paths.add(key);
      }
      const target = { ...made.target, mounts: [{ path: '/data', kind: 'data', view } as const] };
      const parts: Uint8Array[] = [];
      for await (const chunk of streamArchive(engine, target)) parts.push(chunk);
      expect(Buffer.concat(parts).includes(secret)).toBe(false);
      archives += 1;
    });
    expect(archives).toBeGreaterThan(0);
    expect(paths).toContain('/data/d/dir/file');
    expect([...paths].filter((path) => path.includes('only-outside'))).toEqual([]);
  });
});
