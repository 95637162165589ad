import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Owner } from '../../image/resolve-owner.ts';
import { secondsOf } from './place-file.ts';

export interface DirectoryFacts {
  /** Permission bits. */
  readonly mode: number;
  readonly mtime: Date;
}

export interface FinishOptions {
  /** undefined where they belong to the right one already. */
  readonly owner: Owner | undefined;
  readonly signal: AbortSignal;
}

const batchSize = 64;

/**
 * Gives directories their owner, mode and time, from the innermost outwards: one that may not be entered any more
 * would hide those in it from a satellite that is not root.
 *
 * @param directories by path below the root, a directory before what lies in it
 */
export async function finishDirectories(
  root: Buffer,
  directories: ReadonlyMap<string, DirectoryFacts>,
  { owner, signal }: FinishOptions,
): Promise<void> {
  const paths = [...directories.keys()];
  while (paths.length > 0) {
    signal.throwIfAborted();
    const batch = paths.splice(-batchSize).reverse();
    const handles: FileHandle[] = [];
    try {
      // All are opened before the first is changed, since some may lie in others.
      for (const path of batch) handles.push(await openDirectory(root, path));
      for (const [index, handle] of handles.entries()) {
        const facts = directories.get(batch[index] ?? '');
        if (facts !== undefined) await finishDirectory(handle, facts, owner);
      }
    } finally {
      await Promise.all(handles.map((handle) => handle.close()));
    }
  }
}

async function openDirectory(root: Buffer, path: string): Promise<FileHandle> {
  const place = path === '' ? root : Buffer.concat([root, Buffer.from(`/${path}`, 'latin1')]);
  return await open(place, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

async function finishDirectory(handle: FileHandle, facts: DirectoryFacts, owner: Owner | undefined): Promise<void> {
  if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
  await handle.chmod(facts.mode);
  await handle.utimes(secondsOf(facts.mtime), secondsOf(facts.mtime));
}
