import type { BlobSource } from '@boatload/contract';
import type { Engine } from '@boatload/engine';
import type { FetchPolicy } from '@boatload/fetch';
import type { SatelliteLog } from './satellite-log.ts';
import type { StagingLimits } from './staging/limits.ts';

export interface LocalSatelliteOptions {
  /** The node's name. */
  readonly node: string;
  /** The node's Engine; it stays the caller's to close. */
  readonly engine: Engine;
  /** Directory for state that must survive; made if needed, used by one satellite at a time. */
  readonly stateDir: string;
  /** Marks what this installation made on the Engine, so that several can share one. */
  readonly instance: string;
  readonly blobs: BlobSource;
  /** Default: nothing is allowed beyond what always is. */
  readonly fetchPolicy?: FetchPolicy;
  /** Default: see StagingLimits. */
  readonly limits?: Partial<StagingLimits>;
  /**
   * Whether the Engine has `stateDir` at the same path, so that mounts can be directories of it; without that
   * they are volumes, filled through the Engine's API. Default: found out by trying.
   */
  readonly shareDirectories?: boolean;
  /** How many attempts are created or started at a time. Default 4 for each processor. */
  readonly launchesAtOnce?: number;
  /** Default: nothing is logged. */
  readonly log?: SatelliteLog;
}
