/** Bytes. What a file takes on the disk is rounded up to it. */
const blockSize = 4_096;
/** Bytes that are reserved at a time, so that whoever keeps the accounts is not asked for every file. */
const stepSize = 16 * 1_048_576;

/** Sets space aside; throws when there is none, which ends the work that asked. */
export type Reserve = (bytes: number) => Promise<void>;

/** Counts what a tree takes on the disk and sees to it that the space is reserved before it is written to. */
export class SpaceBudget {
  readonly #reserve: Reserve;
  #used = 0;
  #reserved = 0;
  #asking: Promise<void> | undefined;

  constructor(reserve: Reserve) {
    this.#reserve = reserve;
  }

  /** Bytes on the disk, at the most. */
  get used(): number {
    return this.#used;
  }

  /** Counts an entry: its name, its inode, and its content where that is known. */
  async takeEntry(contentBytes = 0): Promise<void> {
    await this.#take(blockSize + Math.ceil(contentBytes / blockSize) * blockSize);
  }

  /** Counts content that came after `before` bytes of the same file. */
  async takeContent(before: number, bytes: number): Promise<void> {
    const blocks = Math.ceil((before + bytes) / blockSize) - Math.ceil(before / blockSize);
    if (blocks > 0) await this.#take(blocks * blockSize);
  }

  async #take(bytes: number): Promise<void> {
    this.#used += bytes;
    while (this.#used > this.#reserved) {
      this.#asking ??= this.#ask();
      await this.#asking;
    }
  }

  async #ask(): Promise<void> {
    try {
      const bytes = Math.max(stepSize, this.#used - this.#reserved);
      await this.#reserve(bytes);
      this.#reserved += bytes;
    } finally {
      this.#asking = undefined;
    }
  }
}
