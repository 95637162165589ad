import type { BoatLoadError } from '@boatload/contract';

/** Takes bytes from a stream in the portions that its reader needs; copies only what spans two chunks. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #offset = 0;
  readonly #cutOff: () => BoatLoadError;
  #ended = false;

  /** @param cutOff makes the error for a stream that ends too early */
  constructor(bytes: AsyncIterable<Uint8Array>, cutOff: () => BoatLoadError) {
    this.#source = bytes[Symbol.asyncIterator]();
    this.#cutOff = cutOff;
  }

  /** The next `length` bytes if they have arrived in one piece: the quick way, without waiting. */
  takeNow(length: number): Uint8Array | undefined {
    const end = this.#offset + length;
    if (end > this.#chunk.length) return undefined;
    const taken = this.#chunk.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  /**
   * The next `length` bytes, or undefined if the stream ended before the first of them.
   * @throws what `cutOff` makes, when it ends among them
   */
  async take(length: number): Promise<Uint8Array | undefined> {
    const whole = this.takeNow(length);
    if (whole !== undefined) return whole;
    const taken = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const part = await this.takeSome(length - filled);
      if (part === undefined) {
        if (filled === 0) return undefined;
        throw this.#cutOff();
      }
      taken.set(part, filled);
      filled += part.length;
    }
    return taken;
  }

  /** Whatever has arrived, at most `limit` bytes; undefined at the end. */
  async takeSome(limit: number): Promise<Uint8Array | undefined> {
    while (this.#offset === this.#chunk.length) {
      if (!(await this.#fill())) return undefined;
    }
    const end = Math.min(this.#chunk.length, this.#offset + limit);
    const taken = this.#chunk.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  /** Passes over `length` bytes. */
  async skip(length: number): Promise<void> {
    let left = length;
    while (left > 0) {
      const part = await this.takeSome(left);
      if (part === undefined) throw this.#cutOff();
      left -= part.length;
    }
  }

  /** Reads to the end of the stream, so that whatever checks stand there are made. */
  async drain(): Promise<void> {
    while ((await this.takeSome(Number.MAX_SAFE_INTEGER)) !== undefined);
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#source.return?.();
  }

  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#source.next();
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    this.#chunk = next.value;
    this.#offset = 0;
    return true;
  }
}
