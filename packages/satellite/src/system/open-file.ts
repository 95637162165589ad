import { closeSync, constants, fstatSync, openSync, read, readSync, type Stats } from 'node:fs';

/** Bytes that are read at a time. */
const chunkSize = 256 * 1024;
/** Up to this many bytes it takes longer to have another thread read them. */
const smallRead = 64 * 1024;

/** A regular file, open for reading. */
export class OpenFile implements Disposable {
  /** As it was when it was opened. */
  readonly stat: Stats;
  readonly #descriptor: number;
  #closed = false;

  private constructor(descriptor: number, stat: Stats) {
    this.#descriptor = descriptor;
    this.stat = stat;
  }

  /**
   * Opens for reading what a descriptor was only made to locate; undefined if that is no regular file.
   * @param located stays the caller's
   */
  static reopen(located: number): OpenFile | undefined {
    const stat = fstatSync(located);
    if (!stat.isFile()) return undefined;
    // A file that someone has a lease on would have us wait.
    const descriptor = openSync(`/proc/self/fd/${located}`, constants.O_RDONLY | constants.O_NONBLOCK);
    return new OpenFile(descriptor, stat);
  }

  /** Reads as many bytes as there are from `position` on, at most `length` and 256 KiB; none behind the end. */
  async read(position: number, length: number): Promise<Buffer> {
    if (length <= smallRead) return this.readNow(position, length);
    const buffer = Buffer.allocUnsafe(Math.min(length, chunkSize));
    const count = await new Promise<number>((resolve, reject) => {
      read(this.#descriptor, buffer, 0, buffer.length, position, (error, bytes) => {
        if (error === null) resolve(bytes);
        else reject(error);
      });
    });
    return buffer.subarray(0, count);
  }

  /** As `read`, on the main thread: for at most some ten KiB. */
  readNow(position: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, readSync(this.#descriptor, buffer, 0, length, position));
  }

  /** Not while a read is under way. May be repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
