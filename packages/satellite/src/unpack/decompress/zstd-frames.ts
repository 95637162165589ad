import { CountedReader } from './counted-reader.ts';
import { checkWindow } from './memory-limit.ts';

/** A part of a zstd file that can be decompressed by itself (RFC 8878, 3.1.1). */
export interface ZstdFrame {
  /** Bytes that blocks may refer back to. */
  readonly windowBytes: number;
  /** The whole frame: its header, then each block, which decompresses to 128 KiB at the most, then its checksum. */
  readonly pieces: AsyncGenerator<Uint8Array, void, undefined>;
  /** Once the pieces are read: what the frame says that the lower half of its content's XXH64 is. */
  readonly checksum: () => number | undefined;
}

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const largestBlock = 131_072;

/**
 * Takes a zstd file apart, so that each block can be decompressed by itself. The pieces of a frame must be read
 * before the next frame is asked for.
 * @throws Error when it is broken; archive_too_large when a frame asks for too large a window
 */
export async function* splitZstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ZstdFrame, void, undefined> {
  const reader = new CountedReader(bytes);
  try {
    for (let magic = await reader.tryTake(4); magic !== undefined; magic = await reader.tryTake(4)) {
      const value = magic.readUInt32LE();
      if ((value & 0xfffffff0) >>> 0 === skippableMagic) await reader.skip((await reader.take(4)).readUInt32LE());
      else if (value === frameMagic) yield await readFrame(reader, magic);
      else throw new Error('what follows is not zstd');
    }
  } finally {
    await reader.close();
  }
}

async function readFrame(reader: CountedReader, magic: Buffer): Promise<ZstdFrame> {
  const descriptor = await reader.take(1);
  const flags = descriptor.readUInt8();
  const isSingleSegment = (flags & 0x20) !== 0;
  if ((flags & 8) !== 0) throw new Error('a header is of an unknown kind');
  const window = await reader.take(isSingleSegment ? 0 : 1);
  const dictionary = await reader.take([0, 1, 2, 4][flags & 3] ?? 0);
  if (dictionary.some((byte) => byte !== 0)) throw new Error('it needs a dictionary: compress it without one');
  const size = await reader.take([isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0);
  const windowBytes = isSingleSegment ? contentSize(size) : windowSize(window.readUInt8());
  checkWindow(windowBytes, 'compress it without «--ultra» and «--long»');
  const header = Buffer.concat([magic, descriptor, window, dictionary, size]);
  let checksum: Buffer | undefined;
  async function* readPieces(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* readBlocks(reader, header);
    if ((flags & 4) === 0) return;
    checksum = await reader.take(4);
    yield checksum;
  }
  return { windowBytes, pieces: readPieces(), checksum: () => checksum?.readUInt32LE() };
}

async function* readBlocks(reader: CountedReader, header: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  yield header;
  for (let isLast = false; !isLast; ) {
    const head = await reader.take(3);
    const value = head.readUIntLE(0, 3);
    if (value >> 3 > largestBlock) throw new Error('a block is too large');
    const isRun = ((value >> 1) & 3) === 1;
    yield Buffer.concat([head, await reader.take(isRun ? 1 : value >> 3)]);
    isLast = (value & 1) !== 0;
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** Two bytes count from 256, because one would do for less. */
function contentSize(size: Buffer): number {
  if (size.length === 8) return Number(size.readBigUInt64LE());
  return size.readUIntLE(0, size.length) + (size.length === 2 ? 256 : 0);
}
