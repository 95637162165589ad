import type { Duplex } from 'node:stream';
import * as zlib from 'node:zlib';
import { BoatLoadError } from '@boatload/contract';
import { Decompress } from 'fzstd';
import xxhash from 'xxhash-wasm';
import { letOthersRun } from './let-others-run.ts';
import { pipeThrough } from './pipe-through.ts';
import { splitZstd, type ZstdFrame } from './zstd-frames.ts';

/**
 * Decompresses zstd of one frame or several: by Node itself where it can (from 22.15 on), otherwise by a library.
 * @throws Error when it is broken; archive_too_large when its window would take too much memory
 */
export async function* decompressZstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const frame of splitZstd(bytes)) {
    const stream = createNative();
    if (stream === undefined) yield* decompressFrame(frame);
    else yield* pipeThrough(frame.pieces, stream);
  }
}

function createNative(): Duplex | undefined {
  if (!('createZstdDecompress' in zlib) || typeof zlib.createZstdDecompress !== 'function') return undefined;
  // The types of the oldest Node that is supported do not know it. Its own limit of the window is ours, 128 MiB.
  const stream: Duplex = zlib.createZstdDecompress();
  return stream;
}

async function* decompressFrame(frame: ZstdFrame): AsyncGenerator<Uint8Array, void, undefined> {
  const { windowBytes, pieces, checksum } = frame;
  const decompressed: Uint8Array[] = [];
  // The library does not look at checksums.
  const hash = (await xxhash()).create64();
  const decoder = new Decompress((bytes) => decompressed.push(bytes));
  const pause = letOthersRun();
  const work = new WindowWork(windowBytes);
  for await (const piece of pieces) {
    decoder.push(piece);
    for (const bytes of decompressed.splice(0)) {
      work.note(bytes.length);
      hash.update(bytes);
      if (bytes.length > 0) yield bytes;
    }
    await pause();
  }
  decoder.push(new Uint8Array(0), true);
  for (const bytes of decompressed) {
    hash.update(bytes);
    yield bytes;
  }
  const stated = checksum();
  if (stated !== undefined && BigInt(stated) !== (hash.digest() & 0xffff_ffffn)) {
    throw new Error('its content does not have its checksum');
  }
}

/** Bytes of window for each byte that comes out; an honest archive stays below, with blocks of 128 KiB. */
const mostWork = 4_096;
const workFloor = 64 * 1024 ** 3;

/**
 * The library moves the whole window for each block, so that many tiny blocks and a large window would keep it
 * busy for hours: this stops it.
 */
class WindowWork {
  readonly #windowBytes: number;
  #moved = 0;
  #bytes = 0;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  note(bytes: number): void {
    this.#moved += this.#windowBytes;
    this.#bytes += bytes;
    if (this.#moved <= workFloor + this.#bytes * mostWork) return;
    throw new BoatLoadError(
      'archive_too_large',
      'The archive is compressed in so many small blocks that it takes too long: compress it without «--long».',
      { field: 'data' },
    );
  }
}
