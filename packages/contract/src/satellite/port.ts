import type { DirectoryEntry, FileChange, Metrics } from '../container/reads.ts';
import type { CacheEntry } from '../node/resource.ts';
import type { AttemptOrder, AttemptRef } from './order.ts';
import type { ByteRange, FileStat, LogQuery, LogRecord, StagingProgress } from './reads.ts';
import type { AttemptStatus } from './status.ts';

/** Every call that waits can be given up. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface PrepareOptions extends CallOptions {
  /** Told now and then how far image, script and data are. */
  readonly onProgress?: (progress: StagingProgress) => void;
}

export interface StopOptions extends CallOptions {
  /** Seconds between TERM and KILL. Default 10. */
  readonly graceSeconds?: number;
}

export interface NodeDescription {
  readonly node: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly engine: { readonly name: string; readonly version: string; readonly storageDriver: string };
}

/** What a node keeps of fetched and uploaded data, so that the next container need not fetch and unpack it again. */
export interface SatelliteCache {
  /** Everything that is kept, the last used first. */
  list(options?: CallOptions): Promise<readonly CacheEntry[]>;

  /**
   * Removes one entry.
   * @throws cache_entry_not_found; conflict while a container uses it
   */
  remove(id: string, options?: CallOptions): Promise<void>;

  /**
   * Removes every entry that no container uses and none has used for `unusedForSeconds` (default 0).
   * @returns what was removed
   */
  collect(options?: CallOptions & { readonly unusedForSeconds?: number }): Promise<readonly CacheEntry[]>;
}

/**
 * The agent of one node: it owns that node's containers, their staged script and data, and their output.
 * Every call may be repeated. All errors are BoatLoadErrors.
 */
export interface Satellite extends AsyncDisposable {
  /** The node's name. */
  readonly node: string;

  readonly cache: SatelliteCache;

  describe(options?: CallOptions): Promise<NodeDescription>;

  /**
   * Brings an attempt to the brink of its start: image pulled, container created, script and data in place.
   * A second call for a prepared or started attempt returns at once. A failed call leaves nothing behind.
   */
  prepare(order: AttemptOrder, options?: PrepareOptions): Promise<void>;

  /**
   * Starts a prepared attempt, once and never again: the attempt's start permit is used up durably before
   * the Engine is asked. Called again it tells how that start went, and starts only if it is certain that
   * the Engine never did and never will. A start that the Engine refuses is reported as `start_failed`.
   * @throws conflict when the attempt was not prepared
   */
  start(ref: AttemptRef, options?: CallOptions): Promise<AttemptStatus>;

  /** Ends a running attempt with TERM, then KILL; it stays readable. Nothing happens if it doesn't run. */
  stop(ref: AttemptRef, options?: StopOptions): Promise<void>;

  /** Removes the container, its volumes and all that was staged or kept for it. Nothing happens if nothing is there. */
  remove(ref: AttemptRef, options?: CallOptions): Promise<void>;

  /** What is known of an attempt: `absent` if nothing is. */
  status(ref: AttemptRef, options?: CallOptions): Promise<AttemptStatus>;

  /**
   * The status of every attempt on this node, then each change as it happens, for ever. After the Engine was
   * away, all of them again. Ends only when the signal is aborted.
   */
  events(options?: CallOptions): AsyncIterable<AttemptStatus | 'synced'>;

  /** Output of an attempt in the order in which it was written; empty before the start. */
  logs(ref: AttemptRef, query: LogQuery, options?: CallOptions): AsyncIterable<LogRecord>;

  /** Every path that the container changed, by path (in the order of bytes), without what we put there. */
  changes(ref: AttemptRef, options?: CallOptions): AsyncIterable<FileChange>;

  /**
   * What is at a path of the container, symbolic links followed within the container.
   * @throws file_not_found
   */
  stat(ref: AttemptRef, path: Uint8Array, options?: CallOptions): Promise<FileStat>;

  /**
   * Content of a regular file, or the part of it in `range`.
   * @throws file_not_found, not_a_file
   */
  read(
    ref: AttemptRef,
    path: Uint8Array,
    options?: CallOptions & { readonly range?: ByteRange },
  ): AsyncIterable<Uint8Array>;

  /**
   * Entries of a directory, by name.
   * @throws file_not_found, not_a_file
   */
  list(ref: AttemptRef, path: Uint8Array, options?: CallOptions): Promise<readonly DirectoryEntry[]>;

  /** Every change as an uncompressed tar, paths relative to /; deletions are OCI whiteouts (`.wh.NAME`). */
  archive(ref: AttemptRef, options?: CallOptions): AsyncIterable<Uint8Array>;

  /** Use of resources now; all zero when it doesn't run. */
  metrics(ref: AttemptRef, options?: CallOptions): Promise<Metrics>;
}

/** Where a satellite gets uploaded bytes from: in-process the API's store, elsewhere the API over the wire. */
export interface BlobSource {
  /** @throws file_not_found */
  open(digest: string, options?: CallOptions): AsyncIterable<Uint8Array>;
}
