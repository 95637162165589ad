import { BoatLoadError, type CacheEntry, type CallOptions, type Source } from '@boatload/contract';
import type { CacheParts, Contents } from './contents.ts';
import type { Entry } from './entry.ts';
import type { CachedFile, CachedTree, CacheStep, CacheWish, DataCache, TreeWish } from './port.ts';
import { contentPath, findContent, type Trees } from './trees.ts';

export interface LocalDataCacheParts {
  readonly node: string;
  readonly parts: CacheParts;
  readonly contents: Contents;
  readonly trees: Trees;
  readonly clock: () => number;
}

/** The cache in a directory of this machine. */
export class LocalDataCache implements DataCache {
  readonly #node: string;
  readonly #parts: CacheParts;
  readonly #contents: Contents;
  readonly #trees: Trees;
  readonly #clock: () => number;
  #closed: Promise<void> | undefined;

  constructor({ node, parts, contents, trees, clock }: LocalDataCacheParts) {
    this.#node = node;
    this.#parts = parts;
    this.#contents = contents;
    this.#trees = trees;
    this.#clock = clock;
  }

  async file(source: Source, wish: CacheWish): Promise<CachedFile> {
    this.#refuseIfClosed();
    const { entries, files } = this.#parts;
    for (;;) {
      using content = await this.#contents.bring(source, (sha256) => findContent(entries.ofContent(sha256)), wish);
      const { entry, fileName } = content;
      if (await this.#isLost(entry)) continue;
      tellEnd('fetching', entry, wish);
      entries.hold(entry, wish.holder);
      return {
        id: entry.id,
        file: contentPath(files, entry),
        size: entry.facts.contentBytes,
        ...(fileName === undefined ? {} : { fileName }),
      };
    }
  }

  async tree(source: Source, wish: TreeWish): Promise<CachedTree> {
    this.#refuseIfClosed();
    for (;;) {
      using content = await this.#contents.bring(source, this.#trees.sourceFor(wish), wish);
      if (await this.#isLost(content.entry)) continue;
      tellEnd('fetching', content.entry, wish);
      const tree = await this.#trees.make(content, wish);
      if (await this.#isLost(tree)) continue;
      if (wish.unpack && tree.facts.archive !== null) tellEnd('unpacking', tree, wish);
      return { id: tree.id, directory: this.#parts.files.contentOf(tree.facts) };
    }
  }

  heldBy(holder: string): readonly string[] {
    return this.#parts.entries.heldBy(holder).map(({ id }) => id);
  }

  async release(holder: string): Promise<void> {
    await this.#parts.entries.release(holder);
  }

  async list(): Promise<readonly CacheEntry[]> {
    const all = [...this.#parts.entries.all].sort((one, other) => other.lastUsed - one.lastUsed);
    return all.map((entry) => entry.describe(this.#node));
  }

  async remove(id: string): Promise<void> {
    const entry = this.#parts.entries.byId(id);
    if (entry === undefined) {
      const text = `The node ${this.#node} has no cache entry ${id}: list its cache to see what it has.`;
      throw new BoatLoadError('cache_entry_not_found', text);
    }
    if (!entry.isIdle) throw inUse(entry);
    await this.#parts.entries.drop(entry);
  }

  async collect({
    unusedForSeconds = 0,
  }: CallOptions & { readonly unusedForSeconds?: number } = {}): Promise<readonly CacheEntry[]> {
    const before = this.#clock() - unusedForSeconds * 1_000;
    const unused = this.#parts.entries.all.filter((entry) => entry.isIdle && entry.lastUsed <= before);
    await Promise.all(unused.map((entry) => this.#parts.entries.drop(entry)));
    return unused.map((entry) => entry.describe(this.#node));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    const { durability, urls, files } = this.#parts;
    const reason = new BoatLoadError('shutting_down', `The node ${this.#node} is stopping: try again in a while.`);
    await Promise.all([this.#contents.abort(reason), this.#trees.abort(reason)]);
    await durability.settle();
    await urls.settle();
    await files.close();
  }

  /** Whether somebody removed an entry from the disk: then it is forgotten, so that it can be brought again. */
  async #isLost(entry: Entry): Promise<boolean> {
    const { files, entries } = this.#parts;
    if (await files.isThere(contentPath(files, entry))) return false;
    await entries.drop(entry);
    return true;
  }

  #refuseIfClosed(): void {
    if (this.#closed === undefined) return;
    throw new BoatLoadError('shutting_down', `The node ${this.#node} is stopping: try again in a while.`);
  }
}

/** Also of what was there already, and of what nobody had announced the size of. */
function tellEnd(step: CacheStep, { facts }: Entry, { onProgress }: CacheWish): void {
  onProgress(step, facts.contentBytes, facts.contentBytes);
}

function inUse({ id, holders }: Entry): BoatLoadError {
  const users =
    holders.size === 0 ? 'work that is going on' : `${holders.size} ${holders.size === 1 ? 'container' : 'containers'}`;
  return new BoatLoadError(
    'conflict',
    `The cache entry ${id} is used by ${users}: it can be removed once these are removed or done.`,
  );
}
