import { join } from 'node:path';
import { safeFileName } from '@boatload/fetch';
import { SingleFlight } from '../single-flight.ts';
import type { StagingLimits } from '../staging/limits.ts';
import { watchAbort } from '../take-turn.ts';
import { copyTree } from '../unpack/tree/copy-tree.ts';
import { makeTree } from '../unpack/tree/make-tree.ts';
import type { CacheParts, Content, Find, Transfer } from './contents.ts';
import { type Entry, type EntryUse, isPlain, type TreeFacts } from './entry.ts';
import type { EntryFiles } from './entry-files.ts';
import { explainFullDisk } from './full-disk.ts';
import type { TreeWish } from './port.ts';

interface Work {
  readonly facts: TreeFacts;
  readonly signal: AbortSignal;
  readonly report: (transfer: Transfer) => void;
}

/** Makes directories of content, each but once however many want it. */
export class Trees {
  readonly #parts: CacheParts;
  readonly #limits: StagingLimits;
  readonly #making = new SingleFlight<EntryUse, Transfer>((use) => use[Symbol.dispose]());

  constructor(parts: CacheParts, limits: StagingLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /** What a tree can be made of. */
  sourceFor({ unpack }: Pick<TreeWish, 'unpack'>): Find {
    return (sha256) => {
      const all = this.#parts.entries.ofContent(sha256);
      const unpacked = all.find(({ facts: { tree } }) => tree !== null && !isPlain(tree));
      return (unpack ? unpacked : undefined) ?? findContent(all);
    };
  }

  /** The tree that is wished for, held for whoever wishes. */
  async make(content: Content, wish: TreeWish): Promise<Entry> {
    const { entries } = this.#parts;
    const facts = await planTree(content, wish);
    const { sha256 } = content.entry.facts;
    const take = (entry: Entry): Entry => {
      if (content.stays) entries.keep(entry);
      entries.hold(entry, wish.holder);
      return entry;
    };
    const present = entries.tree(sha256, facts);
    if (present !== undefined) return take(present);
    const { uid, gid } = facts.owner;
    const { entry } = await this.#making.run(JSON.stringify([sha256, uid, gid, facts.fileName]), {
      work: (signal, report) => this.#work(content.entry, { facts, signal, report }),
      onProgress: ({ done, total }) => wish.onProgress('unpacking', done, total),
      take: (use) => take(use.entry),
      ...(wish.signal === undefined ? {} : { signal: wish.signal }),
    });
    return entry;
  }

  /** Ends all that is being made. */
  async abort(reason: unknown): Promise<void> {
    await this.#making.abort(reason);
  }

  async #work(source: Entry, { facts, signal, report }: Work): Promise<EntryUse> {
    const { files, entries, quota, durability, boot } = this.#parts;
    // Whoever began this may leave while others wait.
    using _ = source.use();
    const workplace = await files.makeWorkplace();
    using reservation = quota.begin();
    let reserved = 0;
    const reserve = async (bytes: number): Promise<void> => {
      // More is asked for when that is used up.
      reservation.written(reserved);
      await reservation.reserve(bytes, signal);
      reserved += bytes;
    };
    try {
      const { bytes } = await this.#fill(source, {
        facts,
        directory: files.treeIn(workplace),
        onProgress: (done, total) => report({ done, total }),
        reserve,
        signal,
      });
      const { sha256, contentBytes, archive, origin, transient } = source.facts;
      const made = { sha256, contentBytes, archive, origin, transient, bytes, tree: facts, boot };
      const use = await entries.add(workplace, made, reservation);
      durability.add(use.entry);
      return use;
    } catch (error) {
      throw explainFullDisk(error);
    } finally {
      await files.discard(workplace);
    }
  }

  async #fill(source: Entry, { facts, directory, onProgress, reserve, signal }: Filling): Promise<{ bytes: number }> {
    const { owner, fileName } = facts;
    const { tree, archive } = source.facts;
    const from = this.#parts.files.contentOf(source.facts);
    if (tree !== null && !isPlain(tree)) return await copyTree({ from, to: directory, owner, reserve, signal });
    return await makeTree({
      file: contentPath(this.#parts.files, source),
      archive: fileName === null ? (archive ?? undefined) : undefined,
      fileName: fileName ?? defaultName,
      directory,
      owner,
      limits: this.#limits,
      onProgress,
      reserve,
      signal,
    });
  }
}

interface Filling {
  readonly facts: TreeFacts;
  readonly directory: string;
  readonly onProgress: (done: number, total: number | undefined) => void;
  readonly reserve: (bytes: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const defaultName = 'data';

/** The entry among those of one content that has it as it came. */
export function findContent(entries: readonly Entry[]): Entry | undefined {
  const file = entries.find(({ facts }) => facts.tree === null);
  return file ?? entries.find(({ facts: { tree } }) => tree !== null && isPlain(tree));
}

/** Where an entry has its content as it came. */
export function contentPath(files: EntryFiles, { facts }: Entry): string {
  const path = files.contentOf(facts);
  return facts.tree !== null && isPlain(facts.tree) ? join(path, facts.tree.fileName) : path;
}

async function planTree(content: Content, wish: TreeWish): Promise<TreeFacts> {
  const aborted = watchAbort(wish.signal);
  try {
    const { uid, gid } = await Promise.race([wish.owner(), aborted.promise]);
    const isUnpacked = wish.unpack && content.entry.facts.archive !== null;
    const name = safeFileName(wish.fileName ?? '') ?? safeFileName(content.fileName ?? '') ?? defaultName;
    return { owner: { uid, gid }, fileName: isUnpacked ? null : name };
  } finally {
    aborted.release();
  }
}
