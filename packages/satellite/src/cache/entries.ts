import { randomBytes } from 'node:crypto';
import type { SatelliteLog } from '../satellite-log.ts';
import { Entry, type EntryFacts, type EntryUse, factsVersion, type TreeFacts } from './entry.ts';
import type { EntryFiles } from './entry-files.ts';

export interface EntriesOptions {
  readonly files: EntryFiles;
  /** Whether content that came as a file goes once there is a tree of it. */
  readonly dropsUnpacked: boolean;
  /** Told when the last entry of a content is gone. */
  readonly onGone: (sha256: string) => void;
  readonly log: SatelliteLog;
  readonly clock: () => number;
}

export type NewFacts = Omit<EntryFacts, 'version' | 'id' | 'createdAt' | 'synced'>;

/** Milliseconds: a use is remembered on the disk this often at most. */
const touchPause = 60_000;

/** What is in the cache, and who uses it. What is found here stays as long as a use or a holder keeps it. */
export class Entries {
  readonly #options: EntriesOptions;
  readonly #byId = new Map<string, Entry>();
  readonly #byContent = new Map<string, Set<Entry>>();
  readonly #touched = new WeakMap<Entry, number>();
  #bytes = 0;

  constructor(options: EntriesOptions) {
    this.#options = options;
  }

  /** Of all entries, on the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  get all(): readonly Entry[] {
    return [...this.#byId.values()];
  }

  byId(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** Everything that was made of one content. */
  ofContent(sha256: string): readonly Entry[] {
    return [...(this.#byContent.get(sha256) ?? [])];
  }

  file(sha256: string): Entry | undefined {
    return this.ofContent(sha256).find(({ facts }) => facts.tree === null);
  }

  tree(sha256: string, wanted: TreeFacts): Entry | undefined {
    return this.ofContent(sha256).find(({ facts }) => facts.tree !== null && isSame(facts.tree, wanted));
  }

  /** Takes up an entry that was on the disk before this process. */
  adopt(facts: EntryFacts, lastUsed: number): Entry {
    const entry = new Entry(facts, lastUsed, (idle) => this.#settle(idle));
    this.#byId.set(entry.id, entry);
    const same = this.#byContent.get(facts.sha256) ?? new Set();
    this.#byContent.set(facts.sha256, same.add(entry));
    this.#bytes += facts.bytes;
    return entry;
  }

  /**
   * Puts in what is complete in its workplace, unless the same is there already: then that counts, and stays
   * if one of the two would.
   * @param room what was set aside for it: given back the moment that it counts itself. Default: nothing was
   */
  async add(workplace: string, fresh: NewFacts, room?: Disposable): Promise<EntryUse> {
    const { files, clock } = this.#options;
    const present = this.#find(fresh);
    if (present !== undefined) return this.#merge(present, fresh);
    const id = `${fresh.sha256.slice(0, 16)}-${randomBytes(4).toString('hex')}`;
    const facts: EntryFacts = { ...fresh, version: factsVersion, id, createdAt: clock(), synced: false };
    await files.install(workplace, facts);
    const twin = this.#find(fresh);
    if (twin === undefined) {
      room?.[Symbol.dispose]();
      return this.adopt(facts, clock()).use();
    }
    const use = this.#merge(twin, fresh);
    await files.bury(id);
    return use;
  }

  hold(entry: Entry, holder: string): void {
    entry.holders.add(holder);
    this.#touch(entry);
  }

  heldBy(holder: string): readonly Entry[] {
    return this.all.filter((entry) => entry.holders.has(holder));
  }

  async release(holder: string): Promise<void> {
    const held = this.heldBy(holder);
    for (const entry of held) {
      entry.holders.delete(holder);
      this.#touch(entry);
    }
    await Promise.all(held.filter((entry) => this.isSpent(entry)).map((entry) => this.drop(entry)));
  }

  /** Lets an entry stay after its last holder. */
  keep(entry: Entry): void {
    if (!entry.facts.transient) return;
    entry.change({ transient: false });
    this.rewrite(entry);
  }

  /** Writes what an entry's facts are now, some time soon. */
  rewrite(entry: Entry): void {
    this.#options.files.rewrite(entry).catch((error: unknown) => this.#report(entry, error));
  }

  /** Whether nobody uses an entry, and nobody is meant to any more. */
  isSpent(entry: Entry): boolean {
    if (!entry.isIdle) return false;
    if (entry.facts.transient) return true;
    if (entry.facts.tree !== null || !this.#options.dropsUnpacked) return false;
    return this.ofContent(entry.facts.sha256).some(({ facts }) => facts.tree !== null);
  }

  /** The entry that nobody uses and that was not used for the longest time. */
  oldest(): Entry | undefined {
    let oldest: Entry | undefined;
    for (const entry of this.#byId.values()) {
      if (entry.isIdle && (oldest === undefined || entry.lastUsed < oldest.lastUsed)) oldest = entry;
    }
    return oldest;
  }

  /** Removes an entry: nobody finds it from now on. */
  async drop(entry: Entry): Promise<void> {
    if (this.#byId.get(entry.id) !== entry) return;
    this.#byId.delete(entry.id);
    this.#bytes -= entry.facts.bytes;
    const same = this.#byContent.get(entry.facts.sha256);
    same?.delete(entry);
    if (same?.size === 0) {
      this.#byContent.delete(entry.facts.sha256);
      this.#options.onGone(entry.facts.sha256);
    }
    await this.#options.files.bury(entry.id);
  }

  #find({ sha256, tree }: NewFacts): Entry | undefined {
    return tree === null ? this.file(sha256) : this.tree(sha256, tree);
  }

  #merge(present: Entry, fresh: NewFacts): EntryUse {
    if (!fresh.transient) this.keep(present);
    return present.use();
  }

  #settle(entry: Entry): void {
    if (this.#byId.get(entry.id) !== entry) return;
    this.#touch(entry);
    if (this.isSpent(entry)) this.drop(entry).catch((error: unknown) => this.#report(entry, error));
  }

  #touch(entry: Entry): void {
    const { clock, files } = this.#options;
    const now = clock();
    entry.lastUsed = now;
    if (now - (this.#touched.get(entry) ?? 0) < touchPause) return;
    this.#touched.set(entry, now);
    files.touch(entry.id, now).catch((error: unknown) => this.#report(entry, error));
  }

  #report(entry: Entry, error: unknown): void {
    // What was removed meanwhile has nothing to be written any more.
    if (this.#byId.get(entry.id) !== entry) return;
    this.#options.log.warn({ err: error, entry: entry.id }, 'an entry of the cache could not be brought up to date');
  }
}

function isSame(one: TreeFacts, other: TreeFacts): boolean {
  return one.fileName === other.fileName && one.owner.uid === other.owner.uid && one.owner.gid === other.owner.gid;
}
