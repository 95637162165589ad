import type { BlobSource } from '@boatload/contract';
import type { Engine } from '@boatload/engine';
import type { Fetcher } from '@boatload/fetch';
import type { SatelliteLog } from './satellite-log.ts';
import type { StagingLimits } from './staging/limits.ts';
import type { DataProxy } from './staging/proxy-environment.ts';

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
  /** Fetches what URLs name; it stays the caller's to close. */
  readonly fetcher: Fetcher;
  /** Default: see StagingLimits. */
  readonly limits?: Partial<StagingLimits>;
  /** Bytes that fetched and unpacked data may take on the disk. Default: half of its file system. */
  readonly cacheQuotaBytes?: number;
  /**
   * Whether containers get copy-on-write views of what is staged, where the Engine can mount views of directories
   * below `stateDir`; else they get volumes that are filled through the Engine's API. Default true.
   */
  readonly views?: boolean;
  /** What containers are told to fetch through whose order says so. Default: they are told of no proxy. */
  readonly dataProxy?: DataProxy;
  /** How many attempts are created or started at a time. Default 4 for each processor. */
  readonly launchesAtOnce?: number;
  /** Default: nothing is logged. */
  readonly log?: SatelliteLog;
}
