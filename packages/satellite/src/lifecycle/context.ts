import type { AttemptRef, BlobSource } from '@boatload/contract';
import type { Engine } from '@boatload/engine';
import type { DataCache } from '../cache/port.ts';
import type { ImageFacts } from '../image/image-facts.ts';
import type { ImagePuller } from '../image/image-puller.ts';
import type { OverlayFeatures } from '../mounts/view-volume.ts';
import type { SatelliteLog } from '../satellite-log.ts';
import type { StagingLimits } from '../staging/limits.ts';
import type { LogDriver } from '../staging/log-driver.ts';
import type { DataProxy } from '../staging/proxy-environment.ts';
import type { AttemptStore } from '../state/attempt-store.ts';

/** What the steps of an attempt's life share. */
export interface SatelliteContext {
  readonly node: string;
  readonly instance: string;
  readonly engine: Engine;
  readonly store: AttemptStore;
  readonly blobs: BlobSource;
  readonly cache: DataCache;
  readonly limits: StagingLimits;
  readonly puller: ImagePuller;
  readonly facts: ImageFacts;
  readonly log: SatelliteLog;
  /** How the Engine mounts views of our directories; undefined where it doesn't: mounts are then plain volumes. */
  readonly views: OverlayFeatures | undefined;
  readonly logDriver: LogDriver;
  readonly dataProxy: DataProxy | undefined;
  /**
   * Runs a launch's work on the Engine as soon as there is room: more at a time only wait for each other
   * inside the Engine.
   */
  readonly launching: <Value>(work: () => Promise<Value>, signal: AbortSignal | undefined) => Promise<Value>;
  /** Whether an attempt is being removed: that its container goes is then no news. */
  readonly isRemoving: (ref: AttemptRef) => boolean;
  /** Tells the streams of events that an attempt changed in a way that the Engine does not tell. */
  readonly changed: (ref: AttemptRef) => void;
}
