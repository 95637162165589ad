import { decodeProperties, type LzmaProperties, LzmaState } from './lzma-state.ts';
import { RangeDecoder } from './range-decoder.ts';

/** Bytes that a chunk decompresses to at the most. */
const largestChunk = 2 * 1_048_576;
/** Bytes of room behind the dictionary: each time it is used up, the dictionary is moved to the front. */
const room = 16 * 1_048_576;

/** What the header of a chunk says. */
export interface Lzma2Chunk {
  readonly isCompressed: boolean;
  readonly resetsDictionary: boolean;
  readonly resetsState: boolean;
  /** Given with new properties. */
  readonly properties: number | undefined;
  /** Bytes that it decompresses to. */
  readonly size: number;
}

/** Decompresses the chunks of an LZMA2 stream, one at a time. @throws Error when they are broken */
export class Lzma2Decoder {
  readonly #dictionaryBytes: number;
  readonly #buffer: Buffer;
  readonly #coder = new RangeDecoder();
  #end = 0;
  /** Bytes since the dictionary was reset. */
  #total = 0;
  #hasDictionary = false;
  #properties: LzmaProperties | undefined;
  #model: LzmaState | undefined;
  #state = 0;
  #repeat0 = 0;
  #repeat1 = 0;
  #repeat2 = 0;
  #repeat3 = 0;

  /** @param dictionaryBytes how far back matches may reach; about as much memory is taken, as it is used */
  constructor(dictionaryBytes: number) {
    this.#dictionaryBytes = dictionaryBytes;
    this.#buffer = Buffer.alloc(dictionaryBytes + room + largestChunk);
  }

  /** Decompresses a chunk's content to bytes that stay valid. */
  decode(chunk: Lzma2Chunk, content: Uint8Array): Buffer {
    this.#prepare(chunk);
    const start = this.#end;
    if (chunk.isCompressed) this.#decompress(content, start + chunk.size);
    else this.#store(content);
    return Buffer.from(this.#buffer.subarray(start, this.#end));
  }

  #prepare({ resetsDictionary, resetsState, properties }: Lzma2Chunk): void {
    if (resetsDictionary) {
      this.#total = 0;
      this.#hasDictionary = true;
    }
    if (!this.#hasDictionary) throw broken();
    if (properties !== undefined) {
      this.#properties = decodeProperties(properties);
      if (this.#properties === undefined) throw broken();
    }
    if (resetsState) this.#resetState();
    if (this.#end + largestChunk <= this.#buffer.length) return;
    const kept = Math.min(this.#end, this.#dictionaryBytes);
    this.#buffer.copyWithin(0, this.#end - kept, this.#end);
    this.#end = kept;
  }

  #resetState(): void {
    this.#model = this.#properties === undefined ? undefined : new LzmaState(this.#properties);
    this.#state = 0;
    this.#repeat0 = 0;
    this.#repeat1 = 0;
    this.#repeat2 = 0;
    this.#repeat3 = 0;
  }

  #store(content: Uint8Array): void {
    this.#buffer.set(content, this.#end);
    this.#end += content.length;
    this.#total += content.length;
  }

  #decompress(content: Uint8Array, limit: number): void {
    const model = this.#model;
    if (model === undefined || !this.#coder.start(content)) throw broken();
    const positionMask = (1 << model.properties.positionBits) - 1;
    while (this.#end < limit) {
      const positionState = this.#total & positionMask;
      if (this.#coder.bit(model.isMatch, (this.#state << 4) + positionState) === 0) {
        this.#literal(model);
        continue;
      }
      const length = this.#match(model, positionState);
      if (this.#end + length > limit) throw broken();
      this.#copy(length);
    }
    if (!this.#coder.isFinished) throw broken();
  }

  #literal(model: LzmaState): void {
    const { literalContextBits, literalPositionBits } = model.properties;
    const before = this.#total === 0 ? 0 : (this.#buffer[this.#end - 1] ?? 0);
    const place = this.#total & ((1 << literalPositionBits) - 1);
    const context = (place << literalContextBits) + (before >> (8 - literalContextBits));
    const base = 0x300 * context;
    const symbol = this.#state < 7 ? this.#coder.tree(model.literals, base, 8) : this.#matchedLiteral(model, base);
    this.#buffer[this.#end] = symbol;
    this.#end += 1;
    this.#total += 1;
    if (this.#state < 4) this.#state = 0;
    else this.#state -= this.#state < 10 ? 3 : 6;
  }

  /** A literal behind a match differs from the byte that would have continued it. */
  #matchedLiteral(model: LzmaState, base: number): number {
    this.#checkDistance();
    let expected = (this.#buffer[this.#end - this.#repeat0 - 1] ?? 0) << 1;
    let offset = 0x100;
    let symbol = 1;
    while (symbol < 0x100) {
      const expectedBit = expected & offset;
      const bit = this.#coder.bit(model.literals, base + offset + expectedBit + symbol);
      symbol = (symbol << 1) | bit;
      offset &= bit === 1 ? expectedBit : ~expectedBit;
      expected <<= 1;
    }
    return symbol & 0xff;
  }

  /** Reads a match: sets its distance, and returns its length. */
  #match(model: LzmaState, positionState: number): number {
    if (this.#coder.bit(model.isRepeat, this.#state) === 0) {
      this.#repeat3 = this.#repeat2;
      this.#repeat2 = this.#repeat1;
      this.#repeat1 = this.#repeat0;
      const length = model.matchLengths.decode(this.#coder, positionState);
      this.#repeat0 = model.distance(this.#coder, length);
      this.#state = this.#state < 7 ? 7 : 10;
      return length + 2;
    }
    if (this.#coder.bit(model.isOlder, this.#state) !== 0) {
      this.#takeOlder(model);
    } else if (this.#coder.bit(model.isLongRepeat, (this.#state << 4) + positionState) === 0) {
      this.#state = this.#state < 7 ? 9 : 11;
      return 1;
    }
    this.#state = this.#state < 7 ? 8 : 11;
    return model.repeatLengths.decode(this.#coder, positionState) + 2;
  }

  #takeOlder(model: LzmaState): void {
    let distance = this.#repeat1;
    if (this.#coder.bit(model.isOlderThanSecond, this.#state) !== 0) {
      distance = this.#repeat2;
      if (this.#coder.bit(model.isOldest, this.#state) !== 0) {
        distance = this.#repeat3;
        this.#repeat3 = this.#repeat2;
      }
      this.#repeat2 = this.#repeat1;
    }
    this.#repeat1 = this.#repeat0;
    this.#repeat0 = distance;
  }

  #copy(length: number): void {
    this.#checkDistance();
    const distance = this.#repeat0 + 1;
    const end = this.#end + length;
    const buffer = this.#buffer;
    // Byte by byte: what is copied may overlap with where it goes.
    for (let to = this.#end, from = to - distance; to < end; to += 1, from += 1) buffer[to] = buffer[from] ?? 0;
    this.#end = end;
    this.#total += length;
  }

  #checkDistance(): void {
    if (this.#repeat0 < 0 || this.#repeat0 >= this.#total || this.#repeat0 >= this.#dictionaryBytes) throw broken();
  }
}

function broken(): Error {
  return new Error('its compressed data are damaged');
}
