import type { CallOptions, SatelliteCache, Source } from '@boatload/contract';
import type { Owner } from '../image/resolve-owner.ts';

/** How something is wanted from the cache, and by whom. */
export interface CacheWish extends CallOptions {
  /** The attempt (its key) that will use it: kept for it until it is released, whatever happens in between. */
  readonly holder: string;
  /** Bytes, of what is fetched. */
  readonly limitBytes: number;
  /** Told often how far it is, in bytes; `total` is undefined while unknown. */
  readonly onProgress: (step: CacheStep, done: number, total: number | undefined) => void;
}

export type CacheStep = 'fetching' | 'unpacking';

export interface CachedFile {
  /** Names the entry. */
  readonly id: string;
  /** Absolute path; only to be read. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** What the server or the URL calls it. */
  readonly fileName?: string;
}

export interface TreeWish extends CacheWish {
  /** Whom everything in the tree belongs to. Asked while the content is on its way: the image may still be pulled. */
  readonly owner: () => Promise<Owner>;
  /** Whether an archive is unpacked; everything else becomes a tree of one file. */
  readonly unpack: boolean;
  /** Name of that file; without it what the server or the URL calls it, else `data`. */
  readonly fileName?: string;
}

export interface CachedTree {
  /** Names the entry. */
  readonly id: string;
  /** Absolute path of a directory that never changes; only to be read. */
  readonly directory: string;
}

/**
 * What URLs and uploads brought to this node. Something that several attempts want at the same moment is fetched
 * and unpacked once.
 */
export interface DataCache extends SatelliteCache, AsyncDisposable {
  /** Content as it came. @throws as fetching does; cache_full */
  file(source: Source, wish: CacheWish): Promise<CachedFile>;

  /** Content as a directory that a view can lie above. @throws as fetching and unpacking do; cache_full */
  tree(source: Source, wish: TreeWish): Promise<CachedTree>;

  /** The entries that an attempt uses. */
  heldBy(holder: string): readonly string[];

  /** Ends an attempt's use; what came from uploads and nobody uses any more is removed. May be repeated. */
  release(holder: string): Promise<void>;
}
