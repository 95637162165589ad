import type { AttemptStatus, BoatLoadError } from '@boatload/contract';
import { mergeChanges } from '../store/merge-change.ts';
import type { AttemptChange, ContainerChange, StoredAttempt, StoredContainer } from '../store/records.ts';

/** An attempt of a container with what the backend says about it. */
export interface AttemptView {
  readonly container: StoredContainer;
  /** The last one. */
  readonly attempt: StoredAttempt;
  readonly status: AttemptStatus;
  readonly now: Date;
}

/** Facts of an attempt that runs. Where the Engine has started it anew, that is a further attempt. */
export function runningFacts({ attempt, status, now }: AttemptView): ContainerChange[] {
  if (status.startedAt === undefined) return [];
  const number = numberOfStart(attempt, status);
  const started: AttemptChange = {
    attempt: number,
    launch: attempt.launch,
    state: 'running',
    node: status.node,
    started_at: status.startedAt,
    dockerState: status.dockerState,
  };
  const at = timeOr(status.startedAt, now);
  return [
    {
      at,
      state: 'running',
      attempt: number,
      attempts: [...missedEnds(attempt, number, status.previousExitCode), started],
    },
  ];
}

/** Facts of an attempt that ended and that the Engine is about to start anew. */
export function restartingFacts(view: AttemptView): ContainerChange[] {
  const { started, ended, at } = endOf(view);
  const reason = `exited with code ${ended.exit_code ?? 'unknown'}; the Engine starts it again`;
  const reasonCode = ended.reason_code ?? null;
  return [...started, { at, state: 'starting', attempt: ended.attempt, reason, reasonCode, attempts: [ended] }];
}

/** Facts of an attempt that ended for good. */
export function endedFacts(view: AttemptView): ContainerChange[] {
  const { started, ended, at } = endOf(view);
  const { reason = null, reason_code: reasonCode = null, state = 'exited' } = ended;
  return [...started, { at, state, attempt: ended.attempt, reason, reasonCode, attempts: [ended] }];
}

/** Facts of an attempt that the Engine refused to start. */
export function refusedFacts({ attempt, status, now }: AttemptView): ContainerChange[] {
  const { code, message } = status.error ?? { code: 'start_failed', message: 'The Engine refused to start it.' };
  const facts = { node: status.node, dockerState: status.dockerState };
  return [failure(attempt, { code, message, now, facts })];
}

/** Facts of an attempt that could not be launched. */
export function unlaunchedFacts(
  attempt: StoredAttempt,
  { code, message }: BoatLoadError,
  now: Date,
): ContainerChange[] {
  return [failure(attempt, { code, message, now, facts: {} })];
}

/** Facts of an attempt whose container is gone. */
export function lostFacts({ attempt, status, now }: AttemptView): ContainerChange[] {
  const node = attempt.node ?? status.node;
  const reason = `Its container is gone from ${node}: somebody or something other than BoatLoad removed it.`;
  const at = now.toISOString();
  const gone: AttemptChange = {
    attempt: attempt.attempt,
    state: 'lost',
    node,
    finished_at: at,
    reason,
    reason_code: 'lost',
  };
  return [{ at, state: 'lost', attempt: attempt.attempt, reason, reasonCode: 'lost', attempts: [gone] }];
}

/** Whether a status tells of a start later than the one that is known. */
export function isNewStart(attempt: StoredAttempt, { startedAt }: AttemptStatus): boolean {
  if (startedAt === undefined || attempt.started_at === null) return false;
  return Date.parse(startedAt) > Date.parse(attempt.started_at);
}

interface End {
  /** Facts of the start before it, which may have been too short to be seen. */
  readonly started: readonly ContainerChange[];
  readonly ended: AttemptChange;
  readonly at: string;
}

function endOf(view: AttemptView): End {
  const { container, attempt, status, now } = view;
  // Told again of a start that is kept, it would look as if it ran anew.
  const started = attempt.started_at !== null && !isNewStart(attempt, status) ? [] : runningFacts(view);
  const known = mergeChanges(container, started).attempts.at(-1) ?? attempt;
  const at = timeOr(status.finishedAt, now);
  const facts = {
    attempt: known.attempt,
    node: status.node,
    finished_at: status.finishedAt ?? known.finished_at ?? at,
    exit_code: status.exitCode ?? status.dockerState.ExitCode ?? null,
    oom_killed: status.oomKilled,
    dockerState: status.dockerState,
  };
  return { started, ended: { ...facts, ...verdictOn(known, status) }, at };
}

function verdictOn(known: StoredAttempt, { oomKilled }: AttemptStatus): Partial<AttemptChange> {
  // Noted before it was stopped for it, so that the end is understood whoever sees it.
  if (known.reason_code === 'timed_out') return { state: 'failed', reason: known.reason, reason_code: 'timed_out' };
  if (oomKilled) return { state: 'exited', reason: 'out of memory', reason_code: 'out_of_memory' };
  return { state: 'exited' };
}

function failure(
  { attempt }: StoredAttempt,
  { code, message, now, facts }: { code: string; message: string; now: Date; facts: Partial<AttemptChange> },
): ContainerChange {
  const at = now.toISOString();
  const failed = { ...facts, attempt, state: 'failed', finished_at: at, reason: message, reason_code: code } as const;
  return { at, state: 'failed', attempt, reason: message, reasonCode: code, attempts: [failed] };
}

/** The number of the attempt that a start belongs to. */
function numberOfStart(attempt: StoredAttempt, status: AttemptStatus): number {
  if (!isNewStart(attempt, status)) return attempt.attempt;
  // An Engine that waits to start it again may count that start already.
  const counted = status.phase === 'restarting' ? 0 : attempt.launch + status.starts - 1;
  return Math.max(attempt.attempt + 1, counted);
}

/** Ends that nobody saw: of the attempt that was the last one, and of those that came and went since. */
function missedEnds(
  { attempt, launch, state }: StoredAttempt,
  number: number,
  exitCode: number | undefined,
): AttemptChange[] {
  const reason = 'restarted by the Engine; its end was not seen';
  const first: AttemptChange[] = state === 'exited' || number === attempt ? [] : [{ attempt, state: 'exited', reason }];
  const numbers = Array.from({ length: Math.max(0, number - attempt - 1) }, (_, index) => attempt + 1 + index);
  const missed = numbers.map((each): AttemptChange => ({ attempt: each, launch, state: 'exited', reason }));
  // The last of them is the one of which the Engine told how it ended.
  return [...first, ...missed].map((end) =>
    end.attempt === number - 1 && exitCode !== undefined
      ? { ...end, exit_code: exitCode, reason: 'restarted by the Engine' }
      : end,
  );
}

function timeOr(time: string | undefined, now: Date): string {
  return (time === undefined ? now : new Date(time)).toISOString();
}
