import type { CacheEntry } from '@boatload/contract';
import type { Owner } from '../image/resolve-owner.ts';
import type { ArchiveKind } from '../unpack/archive-kind.ts';

/** What an entry is, as it is kept beside its content. */
export interface EntryFacts {
  /** Of these facts' form: entries of another are dropped. */
  readonly version: 1;
  readonly id: string;
  /** Of the content as it came, in hexadecimal. */
  readonly sha256: string;
  /** Of the content as it came. */
  readonly contentBytes: number;
  /** On the disk. */
  readonly bytes: number;
  /** What the content is by its first bytes. */
  readonly archive: ArchiveKind | null;
  /** The URL it came from, as it may be shown. */
  readonly origin: string | null;
  /** Whether it goes when its last holder does: uploads, and what its server wants to be kept by nobody. */
  readonly transient: boolean;
  /** Set where it is a directory. */
  readonly tree: TreeFacts | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The boot of the machine during which it was made. */
  readonly boot: string;
  /** Whether the disk has all of it, so that a loss of power does not harm it. */
  readonly synced: boolean;
}

export interface TreeFacts {
  readonly owner: Owner;
  /** The name of its only file; null: it is an unpacked archive. */
  readonly fileName: string | null;
}

export const factsVersion = 1;

/** A piece of work's use of an entry, until it is disposed of. */
export interface EntryUse extends Disposable {
  readonly entry: Entry;
}

/** An entry of the cache, and who uses it. */
export class Entry {
  readonly id: string;
  /** Attempts that use it. */
  readonly holders = new Set<string>();
  /** Milliseconds since 1970. */
  lastUsed: number;
  #facts: EntryFacts;
  /** Pieces of work of this process that use it. */
  #uses = 0;
  readonly #onIdle: (entry: Entry) => void;

  constructor(facts: EntryFacts, lastUsed: number, onIdle: (entry: Entry) => void) {
    this.id = facts.id;
    this.lastUsed = lastUsed;
    this.#facts = facts;
    this.#onIdle = onIdle;
  }

  get facts(): EntryFacts {
    return this.#facts;
  }

  get isIdle(): boolean {
    return this.holders.size === 0 && this.#uses === 0;
  }

  change(facts: Partial<EntryFacts>): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  /** Keeps it until the use is disposed of. */
  use(): EntryUse {
    this.#uses += 1;
    let used = true;
    return {
      entry: this,
      [Symbol.dispose]: () => {
        if (!used) return;
        used = false;
        this.#uses -= 1;
        if (this.isIdle) this.#onIdle(this);
      },
    };
  }

  /** As it is shown. */
  describe(node: string): CacheEntry {
    const { id, origin, sha256, tree, bytes, createdAt } = this.#facts;
    return {
      id,
      node,
      origin,
      sha256,
      form: tree === null ? 'file' : 'tree',
      bytes,
      in_use: this.holders.size,
      created_at: new Date(createdAt).toISOString(),
      last_used_at: new Date(this.lastUsed).toISOString(),
    };
  }
}

/** Whether a tree holds the content as it came, in a single file. */
export function isPlain(tree: TreeFacts): tree is TreeFacts & { readonly fileName: string } {
  return tree.fileName !== null;
}
