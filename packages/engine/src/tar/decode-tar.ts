import { BoatLoadError } from '@boatload/contract';
import { ByteReader } from '../byte-reader.ts';
import { completeHeader, decodeHeaderBlock, type Extensions, type RawHeader } from './decode-header.ts';
import { decodePaxRecords, type PaxRecords } from './pax-records.ts';
import { blockSize, type TarEntry } from './tar-header.ts';

/** Extended headers are held in memory; real ones take a few KiB, names at most 4 KiB each. */
const largestExtension = 1024 * 1024;

const noRecords: PaxRecords = new Map();

/**
 * Decodes a tar archive entry by entry: ustar, pax, GNU and the old format. Bodies are streamed; what follows
 * the end mark is read and dropped, so that the source sees its end. Nothing but one header is held.
 * @throws archive_invalid when the archive is damaged, cut off, or has sparse files
 */
export async function* decodeTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, undefined> {
  const reader = new ByteReader(bytes, cutOff);
  try {
    let extensions: Extensions = { global: noRecords, local: noRecords };
    for (;;) {
      const raw = decodeHeaderBlock(reader.takeNow(blockSize) ?? (await takeBlock(reader)));
      if (raw === undefined) break;
      const extended = isExtension(raw.flag) ? await readExtension(reader, raw, extensions) : undefined;
      if (extended !== undefined) {
        extensions = extended;
        continue;
      }
      const header = completeHeader(raw, extensions);
      const body = new EntryBody(reader, header.size);
      yield { ...header, body };
      await body.finish();
      extensions = { global: extensions.global, local: noRecords };
    }
    await reader.drain();
  } finally {
    await reader.close();
  }
}

class EntryBody implements AsyncIterable<Uint8Array> {
  readonly #reader: ByteReader;
  readonly #padding: number;
  #left: number;
  #finished = false;

  constructor(reader: ByteReader, size: number) {
    this.#reader = reader;
    this.#padding = (blockSize - (size % blockSize)) % blockSize;
    this.#left = size;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => this.#next() };
  }

  /** Passes over what nobody read. */
  async finish(): Promise<void> {
    this.#finished = true;
    const rest = this.#left + this.#padding;
    this.#left = 0;
    if (rest > 0 && this.#reader.takeNow(rest) === undefined) await this.#reader.skip(rest);
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#finished) {
      throw new BoatLoadError('internal', 'The body of a tar entry was read after the next entry was asked for.');
    }
    if (this.#left === 0) return { done: true, value: undefined };
    const value = await this.#reader.takeSome(this.#left);
    if (value === undefined) throw cutOff();
    this.#left -= value.length;
    return { done: false, value };
  }
}

function cutOff(): BoatLoadError {
  return new BoatLoadError(
    'archive_invalid',
    'The tar archive is cut off: it ends before its end mark. Send it again.',
  );
}

async function takeBlock(reader: ByteReader): Promise<Uint8Array> {
  const block = await reader.take(blockSize);
  if (block === undefined) throw cutOff();
  return block;
}

function isExtension(flag: string): boolean {
  return flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K';
}

async function readExtension(reader: ByteReader, raw: RawHeader, before: Extensions): Promise<Extensions> {
  if (raw.size < 0 || raw.size > largestExtension) {
    throw new BoatLoadError('archive_invalid', `The tar archive has an extended header of ${raw.size} bytes.`);
  }
  // A copy: a view would keep the whole chunk that it lies in.
  const body = Buffer.from((await reader.take(raw.size)) ?? []);
  if (body.length < raw.size) throw cutOff();
  await reader.skip((blockSize - (raw.size % blockSize)) % blockSize);
  switch (raw.flag) {
    case 'x':
      return { ...before, local: decodePaxRecords(body) };
    case 'g':
      return { ...before, global: new Map([...before.global, ...decodePaxRecords(body)]) };
    case 'L':
      return { ...before, longName: untilNul(body) };
    default:
      return { ...before, longLink: untilNul(body) };
  }
}

function untilNul(body: Buffer): Buffer {
  const end = body.indexOf(0);
  return end < 0 ? body : body.subarray(0, end);
}
