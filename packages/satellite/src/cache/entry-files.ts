import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SatelliteLog } from '../satellite-log.ts';
import { removeTree } from '../state/remove-tree.ts';
import { type Entry, type EntryFacts, factsVersion } from './entry.ts';

const factsName = 'entry.json';
const contentName = 'content';
const treeName = 'tree';

/** An entry as it was found on the disk. */
export interface FoundEntry {
  readonly facts: EntryFacts;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
}

interface WriteOptions {
  /** When it counts as written, in milliseconds since 1970. Default: now. */
  readonly time?: number;
  /** Whether the disk has it before it is put in place. Default false. */
  readonly flush?: boolean;
}

/**
 * Where entries lie: each is a directory below `entries`, which is made complete below `tmp` and then renamed,
 * so that a half one can only be where everything is removed.
 */
export class EntryFiles {
  readonly directory: string;
  readonly urls: string;
  readonly #entries: string;
  readonly #temporary: string;
  readonly #log: SatelliteLog;
  readonly #removals = new Set<Promise<void>>();
  readonly #pending = new Set<Promise<void>>();
  /** The last write of each entry's facts: the next one waits for it. */
  readonly #writes = new WeakMap<Entry, Promise<void>>();

  private constructor(directory: string, log: SatelliteLog) {
    this.directory = directory;
    this.urls = join(directory, 'urls');
    this.#entries = join(directory, 'entries');
    this.#temporary = join(directory, 'tmp');
    this.#log = log;
  }

  static async open(directory: string, log: SatelliteLog): Promise<EntryFiles> {
    const files = new EntryFiles(directory, log);
    for (const each of [directory, files.urls, files.#entries, files.#temporary]) {
      await mkdir(each, { recursive: true, mode: 0o700 });
    }
    for (const found of await readdir(files.#temporary, { withFileTypes: true })) {
      const path = join(files.#temporary, found.name);
      files.#track(found.isDirectory() ? removeTree(path) : rm(path, { force: true }));
    }
    return files;
  }

  /** Everything that is whole; what isn't is removed. */
  async *readAll(): AsyncGenerator<FoundEntry, void, undefined> {
    for (const id of await readdir(this.#entries)) {
      const found = await this.#read(id);
      if (found !== undefined) yield found;
      else await this.bury(id);
    }
  }

  /** A new directory in which an entry, or a file, is made. */
  async makeWorkplace(): Promise<string> {
    const directory = this.nameTemporary();
    await mkdir(directory, { mode: 0o700 });
    return directory;
  }

  nameTemporary(): string {
    return join(this.#temporary, randomUUID());
  }

  /** Where the content of an entry lies, or in its workplace will lie. */
  contentIn(workplace: string): string {
    return join(workplace, contentName);
  }

  treeIn(workplace: string): string {
    return join(workplace, treeName);
  }

  directoryOf(id: string): string {
    return join(this.#entries, id);
  }

  contentOf({ id, tree }: EntryFacts): string {
    const name = tree === null ? contentName : treeName;
    return join(this.directoryOf(id), name);
  }

  async isThere(path: string): Promise<boolean> {
    return await access(path).then(
      () => true,
      () => false,
    );
  }

  /** Puts an entry that is complete in its workplace where it belongs. */
  async install(workplace: string, facts: EntryFacts): Promise<void> {
    await this.writeWhole(join(workplace, factsName), facts, { time: facts.createdAt });
    await rename(workplace, this.directoryOf(facts.id));
  }

  /** Writes what an entry's facts are now. */
  async rewrite(entry: Entry): Promise<void> {
    const before = this.#writes.get(entry) ?? Promise.resolve();
    const file = join(this.directoryOf(entry.id), factsName);
    // Some file systems leave nothing of it after a loss of power otherwise, and the entry would be dropped.
    const mine = before.then(() => this.writeWhole(file, entry.facts, { time: entry.lastUsed, flush: true }));
    this.#writes.set(
      entry,
      mine.catch(() => undefined),
    );
    await this.#await(mine);
  }

  /** Puts JSON in place as a whole. */
  async writeWhole(file: string, value: unknown, { time, flush = false }: WriteOptions = {}): Promise<void> {
    const temporary = this.nameTemporary();
    try {
      await writeFile(temporary, JSON.stringify(value), { mode: 0o600, flush });
      if (time !== undefined) await utimes(temporary, time / 1_000, time / 1_000);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Remembers a use beyond this process. */
  async touch(id: string, time: number): Promise<void> {
    await this.#await(utimes(join(this.directoryOf(id), factsName), time / 1_000, time / 1_000));
  }

  /** Takes an entry out of sight at once; the disk has its room again a while later. Nothing happens if there is none. */
  async bury(id: string): Promise<void> {
    const grave = this.nameTemporary();
    const renamed = rename(this.directoryOf(id), grave).catch(ignoreMissing);
    this.#track(renamed.then(() => removeTree(grave)));
    await renamed;
  }

  /** Removes what work left in its workplace. */
  async discard(workplace: string): Promise<void> {
    await removeTree(workplace);
  }

  get isRemoving(): boolean {
    return this.#removals.size > 0;
  }

  /** Fulfilled when the disk has the room again of all that was buried. */
  async settle(): Promise<void> {
    while (this.#removals.size > 0) await Promise.all(this.#removals);
  }

  /** Fulfilled when nothing is written or removed any more. */
  async close(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    await this.settle();
  }

  /** Bytes that are free on the disk for us. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    return bavail * bsize;
  }

  /** Bytes of the whole disk. */
  async diskBytes(): Promise<number> {
    const { blocks, bsize } = await statfs(this.directory);
    return blocks * bsize;
  }

  async #read(id: string): Promise<FoundEntry | undefined> {
    const file = join(this.directoryOf(id), factsName);
    try {
      // A validated edge: only this class writes the file, and always as a whole.
      const facts = JSON.parse(await readFile(file, 'utf8')) as EntryFacts;
      if (facts.version !== factsVersion || facts.id !== id) return undefined;
      const content = await stat(this.contentOf(facts));
      const isWhole = facts.tree === null ? content.size === facts.contentBytes : content.isDirectory();
      return isWhole ? { facts, lastUsed: Math.round((await stat(file)).mtimeMs) } : undefined;
    } catch (error) {
      this.#log.warn({ err: error, entry: id }, 'an entry of the cache cannot be read and is removed');
      return undefined;
    }
  }

  /** Lets closing wait for it, too. */
  async #await(work: Promise<void>): Promise<void> {
    const ended = work.catch(() => undefined).finally(() => this.#pending.delete(ended));
    this.#pending.add(ended);
    await work;
  }

  #track(removal: Promise<void>): void {
    const tracked = removal
      .catch((error: unknown) => {
        this.#log.warn({ err: error }, 'what the cache needs no more is removed at the next start');
      })
      .finally(() => this.#removals.delete(tracked));
    this.#removals.add(tracked);
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
