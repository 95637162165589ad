import { makeProbabilities, type RangeDecoder } from './range-decoder.ts';

const states = 12;
const mostPositionStates = 16;

/** How literals and positions are modelled. */
export interface LzmaProperties {
  readonly literalContextBits: number;
  readonly literalPositionBits: number;
  readonly positionBits: number;
}

/** The properties of a byte; undefined for those that LZMA2 does not allow. */
export function decodeProperties(byte: number): LzmaProperties | undefined {
  if (byte >= 9 * 5 * 5) return undefined;
  const literalContextBits = byte % 9;
  const literalPositionBits = Math.floor(byte / 9) % 5;
  if (literalContextBits + literalPositionBits > 4) return undefined;
  return { literalContextBits, literalPositionBits, positionBits: Math.floor(byte / 45) };
}

/** What LZMA's decoder has learnt, from one reset to the next. */
export class LzmaState {
  readonly properties: LzmaProperties;
  readonly isMatch = makeProbabilities(states * mostPositionStates);
  readonly isRepeat = makeProbabilities(states);
  readonly isOlder = makeProbabilities(states);
  readonly isOlderThanSecond = makeProbabilities(states);
  readonly isOldest = makeProbabilities(states);
  readonly isLongRepeat = makeProbabilities(states * mostPositionStates);
  readonly literals: Uint16Array;
  readonly matchLengths = new LengthDecoder();
  readonly repeatLengths = new LengthDecoder();
  readonly #slots = makeProbabilities(4 * 64);
  readonly #distances = makeProbabilities(128);
  readonly #alignment = makeProbabilities(16);

  constructor(properties: LzmaProperties) {
    this.properties = properties;
    this.literals = makeProbabilities(0x300 << (properties.literalContextBits + properties.literalPositionBits));
  }

  /** How far back a match of that length lies, less one; -1 is the end mark, which LZMA2 does not have. */
  distance(coder: RangeDecoder, length: number): number {
    const slot = coder.tree(this.#slots, Math.min(length, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << bits;
    if (slot < 14) return base + coder.reverseTree(this.#distances, base - slot, bits);
    return (base + (coder.direct(bits - 4) << 4) + coder.reverseTree(this.#alignment, 0, 4)) | 0;
  }
}

/** Decodes the length of a match, less two. */
class LengthDecoder {
  readonly #choice = makeProbabilities(2);
  readonly #low = makeProbabilities(mostPositionStates << 3);
  readonly #middle = makeProbabilities(mostPositionStates << 3);
  readonly #high = makeProbabilities(256);

  decode(coder: RangeDecoder, positionState: number): number {
    if (coder.bit(this.#choice, 0) === 0) return coder.tree(this.#low, positionState << 3, 3);
    if (coder.bit(this.#choice, 1) === 0) return 8 + coder.tree(this.#middle, positionState << 3, 3);
    return 16 + coder.tree(this.#high, 0, 8);
  }
}
