import type { DockerState } from '../container/reads.ts';
import type { ErrorCode } from '../errors/codes.ts';
import type { AttemptRef } from './order.ts';

/**
 * What a node knows of an attempt.
 * - `absent`: nothing is there and nothing was started: it may be launched.
 * - `created`: prepared, not started.
 * - `running`, `restarting`: as the Engine says.
 * - `ended`: it ran and ended; `exitCode` is set.
 * - `start_failed`: the Engine refused the start; `error` says why. It never ran.
 * - `lost`: its start permit was used, but the container is gone.
 */
export type AttemptPhase = 'absent' | 'created' | 'running' | 'restarting' | 'ended' | 'start_failed' | 'lost';

export interface AttemptStatus {
  readonly ref: AttemptRef;
  readonly node: string;
  readonly phase: AttemptPhase;
  /** How often the Engine started the container; more than 1 only where it restarts by itself. */
  readonly starts: number;
  /** How the start before this one ended, where it is running again and that end was seen. */
  readonly previousExitCode?: number;
  /** RFC 3339, of the last start. */
  readonly startedAt?: string;
  /** RFC 3339, of the last end. */
  readonly finishedAt?: string;
  readonly exitCode?: number;
  readonly oomKilled: boolean;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  readonly dockerState: DockerState;
}
