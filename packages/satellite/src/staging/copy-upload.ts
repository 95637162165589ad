import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type BlobSource, BoatLoadError, type CallOptions, type Source } from '@boatload/contract';

export interface CopyOptions extends CallOptions {
  /** Directory for the file. */
  readonly dir: string;
  readonly blobs: BlobSource;
  /** In bytes. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Brings an upload to a new file of this node.
 * @throws fetch_failed when less or more came than was uploaded
 */
export async function copyUpload(
  { digest, size }: Extract<Source, { kind: 'blob' }>,
  options: CopyOptions,
): Promise<{ readonly file: string; readonly size: number }> {
  const { blobs, signal, onProgress, dir } = options;
  const file = join(dir, `upload-${randomUUID()}`);
  let came = 0;
  async function* measured(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of blobs.open(digest, signal === undefined ? {} : { signal })) {
      came += chunk.length;
      onProgress(came, size);
      yield chunk;
    }
  }
  try {
    await pipeline(measured, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    if (came === size) return { file, size };
    throw new BoatLoadError(
      'fetch_failed',
      `Of an upload of ${size} bytes ${came} reached the node: it is tried again if retries are left.`,
    );
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}
