import { mkdir, open } from 'node:fs/promises';
import type { Owner } from '../../image/resolve-owner.ts';
import type { StagedEntry } from '../staged-entry.ts';
import { placeCopy } from './copy-file.ts';
import { explainFailure } from './explain-failure.ts';
import { type DirectoryFacts, finishDirectories } from './finish-directories.ts';
import { type Placement, placeLink, placeSymlink, writeLargeFile, writeSmallFile } from './place-file.ts';
import { type Reserve, SpaceBudget } from './space-budget.ts';
import { TaskPool } from './task-pool.ts';

export interface TreeWriterOptions {
  /** Absolute path; must not exist, its parent must. */
  readonly directory: string;
  /** Whom everything belongs to. */
  readonly owner: Owner;
  readonly reserve: Reserve;
  readonly signal: AbortSignal;
}

/** A file to be placed that is a copy of another. */
export interface FileCopy {
  readonly from: Buffer;
  /** Below the tree, safe. */
  readonly path: Uint8Array;
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  readonly mtime: Date;
  readonly onBytes?: (bytes: number) => void;
}

/** Mode of the tree's own directory. */
const rootMode = 0o755;
/** Bytes; files up to it are held whole, so that several are written at a time. */
const smallFileBytes = 262_144;

/**
 * Places entries below a directory that it makes. Small ones are written several at a time while the next ones
 * come. The entries must be safe (no `..`, nothing below a link): no link is ever followed.
 */
export class TreeWriter {
  readonly #root: Buffer;
  readonly #owner: Owner;
  readonly #signal: AbortSignal;
  readonly #budget: SpaceBudget;
  readonly #pool = new TaskPool();
  /** By path below the root, one character for each byte; a directory before what lies in it. */
  readonly #directories = new Map<string, DirectoryFacts>();
  /** Whether new files belong to the owner without a word. */
  #owned = false;
  #entries = 0;

  constructor({ directory, owner, reserve, signal }: TreeWriterOptions) {
    this.#root = Buffer.from(directory);
    this.#owner = owner;
    this.#signal = signal;
    this.#budget = new SpaceBudget(reserve);
  }

  /** Bytes on the disk, at the most. */
  get bytes(): number {
    return this.#budget.used;
  }

  /** How many were placed, without the tree's own directory. */
  get entries(): number {
    return this.#entries;
  }

  /** Makes the directory. @throws EEXIST as the system does, if there is one */
  async begin(): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#budget.takeEntry();
    await mkdir(this.#root, { mode: 0o700 });
    const handle = await open(this.#root, 'r');
    try {
      const { uid, gid, mode } = await handle.stat();
      // Whom the system gives new files to is seen at the first one, unless the directory passes its group on.
      this.#owned = uid === this.#owner.uid && gid === this.#owner.gid && (mode & 0o7000) === 0;
    } finally {
      await handle.close();
    }
    this.#directories.set('', { mode: rootMode, mtime: new Date() });
  }

  /**
   * Places an entry, or begins to; its body has been read when this returns.
   * @throws archive_invalid, resources_unavailable, what reserving threw; also for entries before it
   */
  async place(entry: StagedEntry): Promise<void> {
    await this.#run(entry.path, async (key) => {
      switch (entry.type) {
        case 'directory':
          return await this.#placeDirectory(key, entry);
        case 'file':
          return await this.#placeFile(key, entry);
        case 'symlink':
          return await this.#placeSymlink(key, entry);
        case 'link':
          return await this.#placeLink(key, entry);
      }
    });
  }

  /** Places a copy of a file, or begins to. @throws as place */
  async copy({ from, size, onBytes, ...file }: FileCopy): Promise<void> {
    await this.#run(file.path, async (key) => {
      await this.#budget.takeEntry();
      const options = { budget: this.#budget, signal: this.#signal, onBytes };
      const held = Math.min(size, smallFileBytes);
      await this.#pool.add(key, held, () => placeCopy(from, this.#placementOf(file), options));
    });
  }

  /** Completes what was begun. Directories come last, because what is placed in them changes their time. */
  async finish(): Promise<void> {
    try {
      await this.#pool.drain();
      const owner = this.#owned ? undefined : this.#owner;
      await finishDirectories(this.#root, this.#directories, { owner, signal: this.#signal });
    } catch (error) {
      throw explainFailure(error);
    }
  }

  /** Waits until nothing is written any more, however it ended. */
  async settle(): Promise<void> {
    await this.#pool.settle();
  }

  async #run(path: Uint8Array, work: (key: string) => Promise<void>): Promise<void> {
    this.#signal.throwIfAborted();
    this.#entries += 1;
    const key = keyOf(path);
    try {
      if (this.#pool.has(key)) await this.#pool.drain();
      await work(key);
    } catch (error) {
      throw explainFailure(error);
    }
  }

  async #placeDirectory(key: string, { path, mode, mtime }: StagedEntry): Promise<void> {
    if (!this.#directories.has(key)) {
      await this.#budget.takeEntry();
      await mkdir(this.#pathOf(path), { mode: 0o700 });
    }
    this.#directories.set(key, { mode, mtime });
  }

  async #placeFile(key: string, entry: StagedEntry): Promise<void> {
    const placement = this.#placementOf(entry);
    if (entry.size > smallFileBytes) {
      await this.#budget.takeEntry();
      return await writeLargeFile(placement, entry.body, { budget: this.#budget, signal: this.#signal });
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.body) chunks.push(chunk);
    await this.#budget.takeEntry(entry.size);
    await this.#pool.add(key, entry.size, () => writeSmallFile(placement, chunks));
  }

  async #placeSymlink(key: string, entry: StagedEntry): Promise<void> {
    await this.#budget.takeEntry();
    await this.#pool.add(key, 0, () => placeSymlink(this.#placementOf(entry), entry.linkPath ?? new Uint8Array()));
  }

  async #placeLink(key: string, { path, linkPath = new Uint8Array() }: StagedEntry): Promise<void> {
    if (this.#pool.has(keyOf(linkPath))) await this.#pool.drain();
    await this.#budget.takeEntry();
    await this.#pool.add(key, 0, () => placeLink(this.#pathOf(path), this.#pathOf(linkPath)));
  }

  #placementOf({ path, mode, mtime }: Pick<StagedEntry, 'path' | 'mode' | 'mtime'>): Placement {
    return { path: this.#pathOf(path), mode, mtime, owner: this.#owned ? undefined : this.#owner };
  }

  #pathOf(path: Uint8Array): Buffer {
    return Buffer.concat([this.#root, slash, path]);
  }
}

const slash = Buffer.from('/');

function keyOf(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1');
}
