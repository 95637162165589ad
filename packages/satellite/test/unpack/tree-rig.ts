import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { defaultLimits } from '../../src/staging/limits.ts';
import { detectArchive } from '../../src/unpack/archive-kind.ts';
import { type MakeTreeInput, makeTree, type TreeSize } from '../../src/unpack/tree/make-tree.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

const isRoot = process.getuid?.() === 0;

/** Whom the tests' own files belong to. */
export const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
/** Whom trees are made for: somebody else, where that is possible. */
export const owner = isRoot ? { uid: 1000, gid: 1001 } : self;

/** Makes `tree` below a directory of an archive's bytes. */
export async function makeTreeOf(parent: string, bytes: Buffer, input: Partial<MakeTreeInput> = {}): Promise<TreeSize> {
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

/** Checks that an archive is refused with a code, that its tree is gone, and that what lies beside it is as it was. */
export async function expectRefusal(bytes: Buffer, code: string, input: Partial<MakeTreeInput> = {}): Promise<void> {
  await using dir = await makeTemporaryDirectory();
  await writeFile(join(dir.path, 'canary'), 'untouched');
  await expect(makeTreeOf(dir.path, bytes, input)).rejects.toMatchObject({ code });
  expect((await readdir(dir.path)).sort()).toEqual(['archive', 'canary']);
  expect(await readFile(join(dir.path, 'canary'), 'utf8')).toBe('untouched');
}
