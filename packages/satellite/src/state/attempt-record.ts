import type { AttemptRef } from '@boatload/contract';
import type { FailureSubject } from '@boatload/engine';

/** Where a mount that is a copy-on-write view lies on this machine; absolute paths. */
export interface ViewLayers {
  /** What was staged, shared with other containers; never written to. */
  readonly lower: string;
  /** What the container made of it: an overlay's upper directory. */
  readonly upper: string;
}

/** One mount of an attempt's container. */
export interface MountRecord {
  /** Absolute path in the container. */
  readonly path: string;
  /** The volume's name on the Engine. */
  readonly volume?: string;
  /** Set where the volume is an overlay of directories of this machine. */
  readonly view?: ViewLayers;
  /** `script` and `data` are ours; `image`: the image's own VOLUME. */
  readonly kind: 'script' | 'data' | 'image';
}

/** What a satellite keeps of an attempt, durable before the Engine is asked for anything. */
export interface AttemptRecord {
  readonly version: 1;
  readonly ref: AttemptRef;
  /** The container's name on the Engine, as it was created. */
  readonly name: string;
  /**
   * - `preparing`: the container may exist, but must not be started; it is removed and made anew.
   * - `prepared`: it is complete and may be started with a permit.
   */
  readonly phase: 'preparing' | 'prepared';
  /** The Engine's id of the container; set once prepared. */
  readonly containerId?: string;
  readonly mounts: readonly MountRecord[];
  /** Absolute paths that exist only because we mounted there: the mount points and parents made for them. */
  readonly injected: readonly string[];
  /** Entries of the node's cache that the mounts lie above. Default none. */
  readonly cached?: readonly string[];
  /** What a failed start is explained with. */
  readonly subject: FailureSubject;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** A record of a container that is complete. */
export type PreparedRecord = AttemptRecord & { readonly phase: 'prepared'; readonly containerId: string };

/** What reading from an attempt's container needs to know. */
export interface ReadTarget {
  /** The Engine's id of the container. */
  readonly containerId: string;
  readonly mounts: readonly MountRecord[];
  /** Where the mounts' content before the start is recorded; undefined if there is nothing to compare with. */
  readonly baselineFile: string | undefined;
  /** Absolute paths that exist only because we mounted there: the mount points and parents made for them. */
  readonly injected: readonly string[];
}

export function isPrepared(record: AttemptRecord | undefined): record is PreparedRecord {
  return record?.phase === 'prepared' && record.containerId !== undefined;
}
