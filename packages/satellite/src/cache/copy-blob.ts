import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { BoatLoadError, type Source } from '@boatload/contract';
import type { Brought, CacheParts, Transfer } from './contents.ts';
import { explainFullDisk } from './full-disk.ts';
import { storeContent } from './store-content.ts';

export interface BlobCopy {
  readonly source: Extract<Source, { kind: 'blob' }>;
  readonly signal: AbortSignal;
  readonly report: (transfer: Transfer) => void;
}

/** How often an upload is taken that comes as something else than was uploaded. */
const tries = 2;

/**
 * Brings an upload into the cache.
 * @throws fetch_failed when something else comes than was uploaded; cache_full
 */
export async function copyBlob(parts: CacheParts, copy: BlobCopy): Promise<Brought> {
  const { files, quota } = parts;
  const { source, signal } = copy;
  const { digest, size } = source;
  const workplace = await files.makeWorkplace();
  using reservation = quota.begin();
  try {
    await reservation.reserve(size, signal);
    const file = files.contentIn(workplace);
    const report = (transfer: Transfer): void => {
      reservation.written(transfer.done);
      copy.report(transfer);
    };
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      if (await takeBlob(parts, { ...copy, report }, file)) {
        const content = { sha256: digest, size, origin: null, transient: true, room: reservation };
        return { use: await storeContent(parts, workplace, content), fileName: undefined };
      }
      await rm(file, { force: true });
    }
    throw new BoatLoadError(
      'fetch_failed',
      `An upload of ${size} bytes reached the node ${tries} times as something else: submit the container again.`,
    );
  } catch (error) {
    throw explainFullDisk(error);
  } finally {
    await files.discard(workplace);
  }
}

/** @returns whether what came is what was uploaded */
async function takeBlob(
  { blobs }: CacheParts,
  { source: { digest, size }, signal, report }: BlobCopy,
  file: string,
): Promise<boolean> {
  const hash = createHash('sha256');
  let came = 0;
  report({ done: 0, total: size });
  async function* measured(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of blobs.open(digest, { signal })) {
      came += chunk.length;
      // What is more than was uploaded has no room reserved.
      if (came > size) return;
      hash.update(chunk);
      report({ done: came, total: size });
      yield chunk;
    }
  }
  try {
    await pipeline(measured, createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return came === size && hash.digest('hex') === digest;
}
