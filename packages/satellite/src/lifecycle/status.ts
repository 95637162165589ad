import type { AttemptPhase, AttemptRef, AttemptStatus, DockerState } from '@boatload/contract';
import { type ContainerInspection, convertStartFailure, type FailureSubject, inspectContainer } from '@boatload/engine';
import { isPrepared } from '../state/attempt-record.ts';
import type { Refusal, StartPermit } from '../state/attempt-store.ts';
import type { SatelliteContext } from './context.ts';

/** All that an attempt's status is made from. */
export interface StatusFacts {
  readonly ref: AttemptRef;
  readonly node: string;
  readonly subject: FailureSubject;
  readonly permit: StartPermit | undefined;
  readonly refusal: Refusal | undefined;
  /** undefined: the Engine has no such container. */
  readonly found: ContainerInspection | undefined;
}

/** Looks an attempt up on disk and on the Engine. */
export async function readStatus(
  context: SatelliteContext,
  ref: AttemptRef,
  signal: AbortSignal | undefined,
): Promise<AttemptStatus> {
  const { node, store, engine } = context;
  const record = await store.read(ref);
  if (!isPrepared(record)) return bareStatus(ref, node, 'absent');
  // Asked before the permit is read: a container that is gone must not be told as one that may be launched.
  const found = await inspectContainer(engine, record.containerId, signal === undefined ? {} : { signal });
  const [permit, refusal] = await Promise.all([store.lastPermit(ref), store.readRefusal(ref)]);
  // Removed meanwhile: its permit may be gone with it, and what was read above is no longer true.
  const isGone = (found === undefined && context.isRemoving(ref)) || (await store.read(ref)) === undefined;
  if (isGone) return bareStatus(ref, node, 'absent');
  return statusOf({ ref: record.ref, node, subject: record.subject, permit, refusal, found });
}

/** Turns facts into a status. */
export function statusOf(facts: StatusFacts): AttemptStatus {
  const { ref, node, found, permit } = facts;
  if (found === undefined) return bareStatus(ref, node, permit === undefined ? 'absent' : 'lost');
  const { state } = found;
  if (wasStarted(state)) return startedStatus(facts, found);
  const error = permit === undefined ? undefined : (facts.refusal ?? engineError(state, facts.subject));
  if (error === undefined) return bareStatus(ref, node, 'created');
  return { ...bareStatus(ref, node, 'start_failed'), error, dockerState: state };
}

/** Whether the Engine ever started a container. */
export function wasStarted(state: DockerState): boolean {
  return isTime(state.StartedAt);
}

function startedStatus(facts: StatusFacts, found: ContainerInspection): AttemptStatus {
  const { state } = found;
  const phase = startedPhase(state);
  const error = engineError(state, facts.subject);
  return {
    ...bareStatus(facts.ref, facts.node, phase),
    starts: found.restartCount + 1,
    ...(state.StartedAt === undefined ? {} : { startedAt: state.StartedAt }),
    ...(isTime(state.FinishedAt) ? { finishedAt: endOf(state, phase) } : {}),
    ...(phase !== 'running' && state.ExitCode !== undefined ? { exitCode: state.ExitCode } : {}),
    ...(error === undefined ? {} : { error }),
    oomKilled: state.OOMKilled ?? false,
    dockerState: state,
  };
}

/** The Engine takes both times by different clocks; what ended at once may seem to have ended before it began. */
function endOf({ StartedAt = '', FinishedAt = '' }: DockerState, phase: AttemptPhase): string {
  return phase === 'ended' && sortable(FinishedAt) < sortable(StartedAt) ? StartedAt : FinishedAt;
}

/** The Engine leaves out the zeros at the end of a second's fraction, and the fraction where it is zero. */
function sortable(time: string): string {
  const [whole = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return `${whole}.${fraction.padEnd(9, '0')}`;
}

function startedPhase(state: DockerState): AttemptPhase {
  if (state.Restarting === true) return 'restarting';
  return state.Running === true ? 'running' : 'ended';
}

function engineError(state: DockerState, subject: FailureSubject): Refusal | undefined {
  if (state.Error === undefined || state.Error === '') return undefined;
  const { code, message } = convertStartFailure(state.Error, subject);
  return { code, message };
}

function bareStatus(ref: AttemptRef, node: string, phase: AttemptPhase): AttemptStatus {
  return { ref, node, phase, starts: 0, oomKilled: false, dockerState: {} };
}

/** The Engine writes the year 1 for what has not happened. */
function isTime(text: string | undefined): text is string {
  return text !== undefined && text !== '' && !text.startsWith('0001-');
}
