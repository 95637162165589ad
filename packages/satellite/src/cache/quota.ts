import { BoatLoadError } from '@boatload/contract';
import pLimit from 'p-limit';
import { takeTurn } from '../take-turn.ts';
import type { Entries } from './entries.ts';
import type { Entry } from './entry.ts';
import type { EntryFiles } from './entry-files.ts';

const mebibyte = 1_048_576;
/** Bytes of the disk that are left to everybody else. */
const spareBytes = 256 * mebibyte;

/** Room in the cache for one piece of work, until what it made is an entry of its own. */
export interface Reservation extends Disposable {
  /**
   * Asks for more room, for which others' least recently used entries go if nobody uses them.
   * @throws cache_full
   */
  reserve(bytes: number, signal?: AbortSignal): Promise<void>;
  /** Tells how many bytes of it are on the disk already. */
  written(bytes: number): void;
}

interface Room {
  /** Bytes. */
  reserved: number;
  /** Bytes of them that are on the disk. */
  written: number;
}

/** Keeps the cache within its quota, and off the last of the disk. */
export class Quota {
  readonly bytes: number;
  readonly #entries: Entries;
  readonly #files: EntryFiles;
  readonly #rooms = new Set<Room>();
  readonly #turns = pLimit(1);

  constructor(bytes: number, entries: Entries, files: EntryFiles) {
    this.bytes = bytes;
    this.#entries = entries;
    this.#files = files;
  }

  begin(): Reservation {
    const room: Room = { reserved: 0, written: 0 };
    this.#rooms.add(room);
    return {
      reserve: async (bytes, signal) =>
        await takeTurn(
          this.#turns,
          async () => {
            await this.#makeRoom(bytes, signal);
            room.reserved += bytes;
          },
          signal,
        ),
      written: (bytes) => {
        room.written = bytes;
      },
      [Symbol.dispose]: () => {
        this.#rooms.delete(room);
      },
    };
  }

  get #reserved(): number {
    return [...this.#rooms].reduce((sum, { reserved }) => sum + reserved, 0);
  }

  /** Bytes that are free on the disk and promised to nobody. */
  async #freeBytes(): Promise<number> {
    const free = await this.#files.freeBytes();
    return [...this.#rooms].reduce((left, { reserved, written }) => left - Math.max(0, reserved - written), free);
  }

  async #makeRoom(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    while (this.#entries.bytes + this.#reserved + bytes > this.bytes) {
      signal?.throwIfAborted();
      // Nothing is removed that does not help.
      if (this.#entries.bytes - this.#idleBytes() + this.#reserved + bytes > this.bytes) throw this.#full(bytes);
      await this.#evict();
    }
    for (let free = await this.#freeBytes(); free < spareBytes + bytes; free = await this.#freeBytes()) {
      signal?.throwIfAborted();
      // What was removed already may free enough.
      if (this.#files.isRemoving) await this.#files.settle();
      else if (free + this.#idleBytes() < spareBytes + bytes) throw this.#diskFull(bytes, free);
      else await this.#evict();
    }
  }

  async #evict(): Promise<void> {
    const entry = this.#entries.oldest();
    if (entry !== undefined) await this.#entries.drop(entry);
  }

  #idleBytes(): number {
    return sumBytes(this.#entries.all.filter(({ isIdle }) => isIdle));
  }

  #full(bytes: number): BoatLoadError {
    return new BoatLoadError(
      'cache_full',
      `The node's cache has no room for ${show(bytes)} more: of its ${show(this.bytes)} containers use ` +
        `${show(this.#heldBytes())}, and ${show(this.#reserved)} are being brought. Remove containers that are ` +
        'no longer needed, or let the operator give the cache a larger quota.',
    );
  }

  #diskFull(bytes: number, free: number): BoatLoadError {
    return new BoatLoadError(
      'cache_full',
      `The disk of the node's cache has ${show(Math.max(0, free))} left, too little for ${show(bytes)} more: ${show(spareBytes)} ` +
        `stay free for the rest of the node. The cache itself has ${show(this.#entries.bytes)} there, of which ` +
        `containers use ${show(this.#heldBytes())}. Remove containers that are no longer needed, or free the disk.`,
    );
  }

  #heldBytes(): number {
    return sumBytes(this.#entries.all.filter(({ holders }) => holders.size > 0));
  }
}

function sumBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, { facts }) => sum + facts.bytes, 0);
}

function show(bytes: number): string {
  return `${(Math.ceil((bytes / mebibyte) * 10) / 10).toLocaleString('en')} MiB`;
}
