import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type BlobSource, BoatLoadError, type CallOptions, type Source } from '@boatload/contract';
import { type AddressPolicy, type FetchedFile, fetchToFile } from '@boatload/fetch';

export interface StageOptions extends CallOptions {
  readonly dir: string;
  /** Bytes; for what is fetched. Uploads were measured when they came. */
  readonly limitBytes: number;
  readonly policy: AddressPolicy;
  readonly blobs: BlobSource;
  readonly onProgress: (done: number, total: number | undefined) => void;
}

/**
 * Brings a script or data to a file of this node.
 * @throws fetch_failed, fetch_refused, fetch_too_large
 */
export async function stageSource(source: Source, options: StageOptions): Promise<FetchedFile> {
  if (source.kind === 'url') {
    options.onProgress(0, undefined);
    return await fetchToFile(source.url, options);
  }
  const file = join(options.dir, `blob-${randomUUID()}`);
  const size = await copyBlob(source.digest, { ...options, file, total: source.size });
  if (size === source.size) return { file, size };
  await rm(file, { force: true });
  throw new BoatLoadError(
    'fetch_failed',
    `Of an upload of ${source.size} bytes ${size} reached the node: it is tried again if retries are left.`,
  );
}

async function copyBlob(
  digest: string,
  options: StageOptions & { readonly file: string; readonly total: number },
): Promise<number> {
  const { blobs, signal, onProgress, file, total } = options;
  let size = 0;
  async function* measured(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of blobs.open(digest, signal === undefined ? {} : { signal })) {
      size += chunk.length;
      onProgress(size, total);
      yield chunk;
    }
  }
  try {
    await pipeline(measured, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  return size;
}
