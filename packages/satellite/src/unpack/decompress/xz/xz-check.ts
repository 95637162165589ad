import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Bytes of the check behind a block, by its type. */
export const checkSizes: readonly number[] = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** Sums up what a block decompresses to. */
export interface BlockCheck {
  update(bytes: Uint8Array): void;
  /** undefined where this type of check is not known here, which the format allows. */
  digest(): Buffer | undefined;
}

export function makeCheck(type: number): BlockCheck {
  if (type === 1) return new Crc32();
  if (type === 4) return new Crc64();
  if (type === 10) return sha256();
  return { update: () => undefined, digest: () => undefined };
}

function sha256(): BlockCheck {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

class Crc32 implements BlockCheck {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }

  digest(): Buffer {
    const digest = Buffer.alloc(4);
    digest.writeUInt32LE(this.#value);
    return digest;
  }
}

/** ECMA-182's polynomial, its bits reversed, in two halves: numbers of 64 bits would be slow. */
const polynomialHigh = 0xc96c5795 | 0;
const polynomialLow = 0xd7870f42 | 0;

let table: { readonly high: Int32Array; readonly low: Int32Array } | undefined;

function makeTable(): { readonly high: Int32Array; readonly low: Int32Array } {
  const high = new Int32Array(256);
  const low = new Int32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let upper = 0;
    let lower = byte;
    for (let bit = 0; bit < 8; bit += 1) {
      const isSet = (lower & 1) !== 0;
      lower = (lower >>> 1) | (upper << 31);
      upper >>>= 1;
      if (isSet) {
        upper ^= polynomialHigh;
        lower ^= polynomialLow;
      }
    }
    high[byte] = upper;
    low[byte] = lower;
  }
  return { high, low };
}

class Crc64 implements BlockCheck {
  #high = -1;
  #low = -1;

  update(bytes: Uint8Array): void {
    table ??= makeTable();
    let high = this.#high;
    let low = this.#low;
    for (const byte of bytes) {
      const index = (low ^ byte) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (table.low[index] ?? 0);
      high = (high >>> 8) ^ (table.high[index] ?? 0);
    }
    this.#high = high;
    this.#low = low;
  }

  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeInt32LE(~this.#low, 0);
    digest.writeInt32LE(~this.#high, 4);
    return digest;
  }
}
