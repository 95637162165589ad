const probabilityBits = 11;
const moveBits = 5;
const topBits = 0xff000000 | 0;
const sign = 0x80000000 | 0;

/** Probabilities as they are at the start. */
export function makeProbabilities(count: number): Uint16Array {
  return new Uint16Array(count).fill(1 << (probabilityBits - 1));
}

/** Decodes LZMA's range coder. All numbers are kept as signed 32 bits, which is what makes it fast. */
export class RangeDecoder {
  #input: Uint8Array = new Uint8Array(0);
  #position = 0;
  #range = 0;
  #code = 0;

  /** Begins with the coder's five bytes. @returns false if they cannot be such */
  start(input: Uint8Array): boolean {
    this.#input = input;
    this.#position = 5;
    this.#range = -1;
    this.#code = ((input[1] ?? 0) << 24) | ((input[2] ?? 0) << 16) | ((input[3] ?? 0) << 8) | (input[4] ?? 0);
    return input.length >= 5 && input[0] === 0;
  }

  /** Whether it ended where its input does, as it must. */
  get isFinished(): boolean {
    return this.#position === this.#input.length && this.#code === 0;
  }

  bit(probabilities: Uint16Array, index: number): 0 | 1 {
    const probability = probabilities[index] ?? 0;
    const bound = Math.imul(this.#range >>> probabilityBits, probability);
    if ((this.#code ^ sign) < (bound ^ sign)) {
      this.#range = bound;
      probabilities[index] = probability + (((1 << probabilityBits) - probability) >> moveBits);
      this.#normalize();
      return 0;
    }
    this.#range = (this.#range - bound) | 0;
    this.#code = (this.#code - bound) | 0;
    probabilities[index] = probability - (probability >> moveBits);
    this.#normalize();
    return 1;
  }

  /** Bits of even chance, the highest first. */
  direct(count: number): number {
    let result = 0;
    for (let left = count; left > 0; left -= 1) {
      this.#range >>>= 1;
      this.#range |= 0;
      const isBelow = (this.#code ^ sign) < (this.#range ^ sign);
      if (!isBelow) this.#code = (this.#code - this.#range) | 0;
      result = (result << 1) | (isBelow ? 0 : 1);
      this.#normalize();
    }
    return result;
  }

  /** A number of some bits, the highest first. */
  tree(probabilities: Uint16Array, base: number, bits: number): number {
    let node = 1;
    for (let left = bits; left > 0; left -= 1) node = (node << 1) | this.bit(probabilities, base + node);
    return node - (1 << bits);
  }

  /** A number of some bits, the lowest first. */
  reverseTree(probabilities: Uint16Array, base: number, bits: number): number {
    let node = 1;
    let result = 0;
    for (let at = 0; at < bits; at += 1) {
      const bit = this.bit(probabilities, base + node);
      node = (node << 1) | bit;
      result |= bit << at;
    }
    return result;
  }

  #normalize(): void {
    if ((this.#range & topBits) !== 0) return;
    this.#range <<= 8;
    this.#code = (this.#code << 8) | (this.#input[this.#position] ?? 0);
    this.#position += 1;
  }
}
