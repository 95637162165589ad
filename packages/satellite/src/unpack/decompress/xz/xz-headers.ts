import { crc32 } from 'node:zlib';
import type { CountedReader } from '../counted-reader.ts';
import { checkWindow } from '../memory-limit.ts';
import { checkSizes } from './xz-check.ts';

export const xzMagic = Buffer.from('\xfd7zXZ\0', 'latin1');

const lzma2Filter = 0x21;

/** What stands behind the first byte of a stream's header: the type of its checks. */
export function decodeStreamFlags(flags: Buffer, checksum: Buffer): number {
  if (crc32(flags) !== checksum.readUInt32LE()) throw new Error('a header is damaged');
  const type = flags.readUInt8(1);
  if (flags.readUInt8(0) !== 0 || checkSizes[type] === undefined) throw new Error('a header is of an unknown kind');
  return type;
}

/**
 * Reads a block's header behind its first byte.
 * @returns the dictionary's size in bytes
 */
export async function readBlockHeader(reader: CountedReader, first: number): Promise<number> {
  const rest = await reader.take((first + 1) * 4 - 1);
  const header = Buffer.concat([Buffer.of(first), rest.subarray(0, -4)]);
  if (crc32(header) !== rest.readUInt32LE(rest.length - 4)) throw new Error("a block's header is damaged");
  const flags = header.readUInt8(1);
  const fields = new HeaderFields(header, 2);
  if ((flags & 0x40) !== 0) fields.number();
  if ((flags & 0x80) !== 0) fields.number();
  const filter = fields.number();
  if ((flags & 3) !== 0 || filter !== lzma2Filter || fields.number() !== 1) {
    throw new Error('it uses a filter other than LZMA2: compress it with xz as it is by default');
  }
  const bytes = dictionarySize(fields.byte());
  checkWindow(bytes, 'compress it with «xz -9» or less');
  return bytes;
}

/** Reads the index and the footer, behind the index's first byte. Sizes in it are not needed here. */
export async function skipIndex(reader: CountedReader): Promise<void> {
  const start = reader.taken - 1;
  const records = await readNumber(reader);
  for (let record = 0; record < records * 2; record += 1) await readNumber(reader);
  await reader.skip((4 - ((reader.taken - start) % 4)) % 4);
  await reader.skip(4);
  const footer = await reader.take(12);
  if (footer.toString('latin1', 10) !== 'YZ') throw new Error('its end is damaged');
}

function dictionarySize(bits: number): number {
  if (bits > 40) throw new Error('its dictionary has an impossible size');
  return bits === 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
}

async function readNumber(reader: CountedReader): Promise<number> {
  let value = 0;
  for (let at = 0; at < 9; at += 1) {
    const byte = await reader.takeByte();
    value += (byte & 0x7f) * 2 ** (7 * at);
    if ((byte & 0x80) === 0) return value;
  }
  throw new Error('a number in it is damaged');
}

class HeaderFields {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error("a block's header is damaged");
    this.#at += 1;
    return byte;
  }

  number(): number {
    let value = 0;
    for (let at = 0; at < 9; at += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * at);
      if ((byte & 0x80) === 0) return value;
    }
    throw new Error("a block's header is damaged");
  }
}
