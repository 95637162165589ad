import type { AttemptOrder, AttemptRef, AttemptStatus, BoatLoadError } from '@boatload/contract';
import type { ContainerChange } from '../store/records.ts';

/** What to do next about a container. Every step can be repeated. */
export type Step =
  /** Ask the backend what is known of the attempt. */
  | { readonly kind: 'look'; readonly ref: AttemptRef }
  /** Bring the attempt to its start. */
  | { readonly kind: 'launch'; readonly order: AttemptOrder; readonly attempt: number }
  /** End the running attempt because its time is up; why is kept before it is done. */
  | { readonly kind: 'stop'; readonly ref: AttemptRef; readonly graceSeconds: number; readonly why: ContainerChange }
  /** Keep new facts. */
  | { readonly kind: 'record'; readonly changes: readonly ContainerChange[] }
  /** Remove what a failed launch left, then keep why it failed, and the next attempt where one follows. */
  | { readonly kind: 'give-up'; readonly ref: AttemptRef; readonly changes: readonly ContainerChange[] }
  /** Keep how the attempt ended, and that the attempt with this number follows. */
  | { readonly kind: 'begin-attempt'; readonly number: number; readonly changes: readonly ContainerChange[] }
  /** Remove every attempt from its node, then forget the container. */
  | { readonly kind: 'remove'; readonly refs: readonly AttemptRef[]; readonly graceSeconds: number }
  /** Nothing to do before something happens, or before `until`. */
  | { readonly kind: 'wait'; readonly until?: Date }
  /** Nothing to do any more. */
  | { readonly kind: 'done' };

export type StepKind = Step['kind'];

/** How the latest try of a kind of step failed. */
export interface Failure {
  readonly error: BoatLoadError;
  /** How many tries failed, one after the other. */
  readonly tries: number;
  readonly at: Date;
}

/** What is known of the last attempt beyond the store. A restart of the service forgets it. */
export interface Observed {
  /** The backend's latest word; absent: not asked yet. */
  readonly status?: AttemptStatus;
  readonly failures: ReadonlyMap<StepKind, Failure>;
}
