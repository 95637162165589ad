import type {
  AttemptOrder,
  AttemptRef,
  AttemptStatus,
  CallOptions,
  Satellite,
  StagingProgress,
  StopOptions,
} from '@boatload/contract';
import type { BackendCapabilities } from './capabilities.ts';

/** Told while an attempt is launched. */
export type LaunchReport =
  | { readonly phase: 'staging'; readonly node?: string; readonly progress?: StagingProgress }
  | { readonly phase: 'starting'; readonly node?: string };

export interface LaunchOptions extends CallOptions {
  /** Told when the attempt enters a phase and how far staging is. Default: nobody is told. */
  readonly report?: (report: LaunchReport) => void;
}

/**
 * Where containers are scheduled. A backend knows attempts, never containers as users see them: when to try
 * again is decided above it. Every call may be repeated; all errors are BoatLoadErrors.
 */
export interface Backend extends AsyncDisposable {
  /** As configuration and answers name it: `docker`, `swarm`, `fleet`. */
  readonly name: string;
  readonly capabilities: BackendCapabilities;

  /**
   * Makes an attempt run: places it, stages it, starts it once. Repeating it never starts it twice. Its end
   * is not waited for. A start that was refused is told by the status, all else that fails is thrown; an
   * error whose code is retryable leaves the attempt as it can be launched again.
   */
  launch(order: AttemptOrder, options?: LaunchOptions): Promise<AttemptStatus>;

  /** Ends an attempt; its output and files stay. */
  stop(ref: AttemptRef, options?: StopOptions): Promise<void>;

  /** Removes an attempt from wherever it is, with all that belongs to it. */
  remove(ref: AttemptRef, options?: CallOptions): Promise<void>;

  /** What is known of an attempt now. */
  status(ref: AttemptRef, options?: CallOptions): Promise<AttemptStatus>;

  /**
   * The status of every attempt that the backend has, then `synced`, then each change as it happens. All of
   * them again after a connection was lost. Ends only when the signal is aborted.
   */
  events(options?: CallOptions): AsyncIterable<AttemptStatus | 'synced'>;

  /**
   * The satellite through which an attempt's output, files and metrics are read; undefined as long as the
   * attempt is nowhere.
   */
  satelliteOf(ref: AttemptRef, options?: CallOptions): Promise<Satellite | undefined>;
}
