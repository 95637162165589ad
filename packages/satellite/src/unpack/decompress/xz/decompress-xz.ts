import { CountedReader } from '../counted-reader.ts';
import { letOthersRun } from '../let-others-run.ts';
import { type Lzma2Chunk, Lzma2Decoder } from './lzma2-decoder.ts';
import { checkSizes, makeCheck } from './xz-check.ts';
import { decodeStreamFlags, readBlockHeader, skipIndex, xzMagic } from './xz-headers.ts';

/**
 * Decompresses xz (The .xz File Format 1.2.1) of one stream or several, with the filter LZMA2, which is the one
 * that xz uses unless told otherwise. Nothing but the dictionary and a chunk of 2 MiB at the most is held.
 * @throws Error when it is broken; archive_too_large when its dictionary would take too much memory
 */
export async function* decompressXz(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new CountedReader(bytes);
  try {
    while (await findStream(reader)) yield* decompressStream(reader);
  } finally {
    await reader.close();
  }
}

/** Passes over the padding between streams. @returns whether there is one more */
async function findStream(reader: CountedReader): Promise<boolean> {
  for (;;) {
    const start = await reader.tryTake(4);
    if (start === undefined) return false;
    if (start.readUInt32LE() === 0) continue;
    const magic = Buffer.concat([start, await reader.take(2)]);
    if (!magic.equals(xzMagic)) throw new Error('what follows is not xz');
    return true;
  }
}

async function* decompressStream(reader: CountedReader): AsyncGenerator<Uint8Array, void, undefined> {
  const checkType = decodeStreamFlags(await reader.take(2), await reader.take(4));
  for (;;) {
    const first = await reader.takeByte();
    if (first === 0) return await skipIndex(reader);
    yield* decompressBlock(reader, await readBlockHeader(reader, first), checkType);
  }
}

async function* decompressBlock(
  reader: CountedReader,
  dictionaryBytes: number,
  checkType: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const start = reader.taken;
  const decoder = new Lzma2Decoder(dictionaryBytes);
  const check = makeCheck(checkType);
  const pause = letOthersRun();
  for (let control = await reader.takeByte(); control !== 0; control = await reader.takeByte()) {
    const { chunk, contentBytes } = await readChunkHeader(reader, control);
    const bytes = decoder.decode(chunk, await reader.take(contentBytes));
    check.update(bytes);
    yield bytes;
    await pause();
  }
  await reader.skip((4 - ((reader.taken - start) % 4)) % 4);
  const stated = await reader.take(checkSizes[checkType] ?? 0);
  const digest = check.digest();
  if (digest !== undefined && !digest.equals(stated)) throw new Error('its content does not have its checksum');
}

interface ChunkHeader {
  readonly chunk: Lzma2Chunk;
  /** Bytes of it in the stream. */
  readonly contentBytes: number;
}

async function readChunkHeader(reader: CountedReader, control: number): Promise<ChunkHeader> {
  if (control < 0x80) {
    if (control > 2) throw new Error('its compressed data are damaged');
    const size = (await reader.take(2)).readUInt16BE() + 1;
    const stored = { isCompressed: false, resetsState: false, properties: undefined, size };
    return { chunk: { ...stored, resetsDictionary: control === 1 }, contentBytes: size };
  }
  const sizes = await reader.take(4);
  const resets = (control >> 5) & 3;
  const chunk = {
    isCompressed: true,
    resetsDictionary: resets === 3,
    resetsState: resets > 0,
    properties: resets > 1 ? await reader.takeByte() : undefined,
    size: ((control & 0x1f) << 16) + sizes.readUInt16BE() + 1,
  };
  return { chunk, contentBytes: sizes.readUInt16BE(2) + 1 };
}
