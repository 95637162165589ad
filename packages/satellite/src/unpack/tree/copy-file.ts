import { constants } from 'node:fs';
import { copyFile, type FileHandle, open } from 'node:fs/promises';
import { codeOf } from './explain-failure.ts';
import { finishFile, type Placement, type WriteOptions, writeLargeFile } from './place-file.ts';

export interface CopyOptions extends WriteOptions {
  /** Told how many bytes more are there. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Why a file cannot share its blocks with a copy: it takes a copy of the bytes then. */
const cannotClone = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'ENOSYS', 'EINVAL', 'ENOTTY', 'EPERM']);

/**
 * Places a copy of a file, which shares its blocks where the file system can do that. Links are not followed.
 */
export async function placeCopy(from: Buffer, placement: Placement, options: CopyOptions): Promise<void> {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await source.stat();
    if (await clone(from, placement)) {
      await options.budget.takeContent(0, size);
      options.onBytes?.(size);
      return;
    }
    await writeLargeFile(placement, readAll(source, options.onBytes), options);
  } finally {
    await source.close();
  }
}

async function clone(from: Buffer, placement: Placement): Promise<boolean> {
  try {
    await copyFile(from, placement.path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    if (cannotClone.has(codeOf(error))) return false;
    throw error;
  }
  const copy = await open(placement.path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await finishFile(copy, placement);
  } finally {
    await copy.close();
  }
  return true;
}

/** Each chunk is a buffer of its own, because the one before it is still being written. */
async function* readAll(
  source: FileHandle,
  onBytes: CopyOptions['onBytes'],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const { buffer, bytesRead } = await source.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    onBytes?.(bytesRead);
  }
}

const chunkBytes = 524_288;
