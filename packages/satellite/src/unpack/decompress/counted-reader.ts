import { ByteReader } from '@boatload/engine';
import { cutOff } from './broken-compression.ts';

/** Takes bytes from a stream and counts them. */
export class CountedReader {
  readonly #reader: ByteReader;
  #taken = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#reader = new ByteReader(bytes, cutOff);
  }

  get taken(): number {
    return this.#taken;
  }

  /** The next bytes, which are nobody else's. @throws archive_invalid when the stream ends before them */
  async take(length: number): Promise<Buffer> {
    const bytes = await this.tryTake(length);
    if (bytes === undefined) throw cutOff();
    return bytes;
  }

  /** As `take`, but undefined when the stream has ended. */
  async tryTake(length: number): Promise<Buffer | undefined> {
    if (length === 0) return Buffer.alloc(0);
    const bytes = await this.#reader.take(length);
    if (bytes === undefined) return undefined;
    this.#taken += length;
    return Buffer.from(bytes);
  }

  async takeByte(): Promise<number> {
    return (await this.take(1)).readUInt8();
  }

  /** Passes over bytes. @throws archive_invalid when the stream ends before them */
  async skip(length: number): Promise<void> {
    await this.#reader.skip(length);
    this.#taken += length;
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    await this.#reader.close();
  }
}
