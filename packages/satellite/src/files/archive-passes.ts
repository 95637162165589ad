import { BoatLoadError } from '@boatload/contract';
import type { Engine, ReadOptions } from '@boatload/engine';
import type { KeyedChange } from '../changes/true-names.ts';
import { type PathKey, parentOf, relativeToRoot } from './container-path.ts';
import { encodeWhiteout, packEntry } from './pack-entry.ts';
import { readOne, type TreeEntry } from './read-tree.ts';
import { isCutOff } from './retry-cut.ts';

/** One reading of many files, from which those are taken that are wanted. */
export interface Pass {
  readonly open: () => AsyncIterable<TreeEntry>;
  readonly wants: (key: PathKey) => boolean;
  /** How many bytes that nobody wants may pass by before the pass is given up. Default: any number. */
  readonly foreignBytes?: number;
}

/** How often a pass is begun again after a file became shorter in it. */
const passTries = 3;

/** Writes entries into one archive, each path once. */
export class ArchivePasses {
  readonly #engine: Engine;
  readonly #containerId: string;
  readonly #options: ReadOptions;
  readonly #written = new Set<PathKey>();
  /** What was deleted, by the directory that it was in, until it is written. */
  readonly #deleted = new Map<PathKey, PathKey[]>();

  constructor(engine: Engine, containerId: string, options: ReadOptions) {
    this.#engine = engine;
    this.#containerId = containerId;
    this.#options = options;
  }

  /** Has deletions written directly after their directory: later they would change its time when unpacked. */
  addDeletions(changes: readonly KeyedChange[]): void {
    for (const { key, kind } of changes) {
      if (kind !== 'deleted') continue;
      const siblings = this.#deleted.get(parentOf(key)) ?? [];
      siblings.push(key);
      this.#deleted.set(parentOf(key), siblings);
    }
  }

  /** Writes the deletions in a directory, in the order of bytes. */
  *deletionsIn(directory: PathKey): Generator<Uint8Array, void, undefined> {
    const deleted = this.#deleted.get(directory) ?? [];
    this.#deleted.delete(directory);
    for (const key of deleted.sort()) yield encodeWhiteout(key);
  }

  /** Writes the deletions whose directories are not in the archive. */
  *otherDeletions(): Generator<Uint8Array, void, undefined> {
    for (const directory of [...this.#deleted.keys()]) yield* this.deletionsIn(directory);
  }

  /** Whether any of these paths is not yet written. */
  lacks(keys: readonly PathKey[]): boolean {
    return keys.some((key) => !this.#written.has(key));
  }

  /** Writes what a pass has of what is wanted, and not yet written. What it lacks is left to `each`. */
  async *run(pass: Pass): AsyncGenerator<Uint8Array, void, undefined> {
    for (let tries = passTries; tries > 0; tries -= 1) {
      if (yield* this.#once(pass)) return;
    }
  }

  /** Writes single paths that are not yet written, each by a reading of its own (about 50 ms). */
  async *each(keys: readonly PathKey[]): AsyncGenerator<Uint8Array, void, undefined> {
    for (const key of keys) {
      if (!this.#written.has(key))
        yield* this.run({
          open: () => readOne(this.#engine, this.#containerId, key, this.#options),
          wants: () => true,
        });
    }
  }

  /** @returns whether the pass came to its end, rather than being cut off where a file became shorter */
  async *#once(pass: Pass): AsyncGenerator<Uint8Array, boolean, undefined> {
    let foreign = 0;
    try {
      for await (const item of pass.open()) {
        if (pass.wants(item.key)) {
          if (!(yield* this.#write(item))) return false;
          continue;
        }
        foreign += item.entry.size;
        if (foreign > (pass.foreignBytes ?? Number.POSITIVE_INFINITY)) return true;
      }
      return true;
    } catch (error) {
      if (isCutOff(error)) return false;
      // Gone since the changes were listed: then it is none.
      if (error instanceof BoatLoadError && error.code === 'file_not_found') return true;
      throw error;
    }
  }

  /** @returns whether the entry's body was whole, so that the stream can be read on */
  async *#write({ key, entry, linkKey }: TreeEntry): AsyncGenerator<Uint8Array, boolean, undefined> {
    if (this.#written.has(key)) return true;
    // A hard link to what is not in the archive is written later, as the file that it is.
    if (linkKey !== undefined && !this.#written.has(linkKey)) return true;
    this.#written.add(key);
    const link = linkKey === undefined ? {} : { linkPath: relativeToRoot(linkKey) };
    const whole = yield* packEntry({ ...entry, path: relativeToRoot(key), ...link }, entry.body);
    // What lay in a directory that is a file now goes with it; nothing can be unpacked there.
    if (entry.type !== 'directory') this.#deleted.delete(key);
    yield* this.deletionsIn(key);
    return whole;
  }
}
