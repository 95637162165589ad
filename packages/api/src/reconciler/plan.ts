import { type AttemptPhase, type AttemptRef, type AttemptStatus, finalStates } from '@boatload/contract';
import { mergeChanges } from '../store/merge-change.ts';
import type { ContainerChange, StoredAttempt, StoredContainer } from '../store/records.ts';
import {
  type AttemptView,
  endedFacts,
  isNewStart,
  lostFacts,
  refusedFacts,
  restartingFacts,
  runningFacts,
  unlaunchedFacts,
} from './attempt-facts.ts';
import { orderOf } from './order-of.ts';
import { isFinalFailure, isFollowed, timeOfAttempt, timeOfRetry } from './retry-policy.ts';
import type { Observed, Step } from './step.ts';

/** Milliseconds for a container that is being removed to be gone. */
const patienceWithRemoval = 10_000;

/** Seconds between TERM and KILL for an attempt whose time is up. */
const timeoutGrace = 10;

/** The next step for a container, from what is kept of it and what was observed since. */
export function plan(container: StoredContainer, observed: Observed, now: Date): Step {
  const step = planUndelayed(container, observed, now);
  const failure = observed.failures.get(step.kind);
  if (failure === undefined || timeOfRetry(failure) <= now) return step;
  const { code: reasonCode, message: reason } = failure.error;
  const shown: ContainerChange = { at: now.toISOString(), state: container.state, reason, reasonCode };
  const isShown = step.kind === 'launch' || step.kind === 'remove';
  return recordNew(container, isShown ? [shown] : []) ?? { kind: 'wait', until: timeOfRetry(failure) };
}

/** What the attempt's real container is called by. */
function refOf({ id }: StoredContainer, { launch }: StoredAttempt): AttemptRef {
  return { container: id, attempt: launch };
}

function planUndelayed(container: StoredContainer, observed: Observed, now: Date): Step {
  if (container.desired === 'removed') return planRemoval(container);
  const attempt = container.attempts.at(-1);
  if (attempt === undefined) return { kind: 'done' };
  const { status } = observed;
  if (status !== undefined) {
    const view = { container, attempt, status, now, observed };
    return finalStates.has(container.state) ? planAfterEnd(view) : planByPhase[status.phase](view);
  }
  if (finalStates.has(container.state)) return { kind: 'done' };
  const isLaunchable = !isDoubtful(attempt, observed);
  return isLaunchable
    ? planLaunch({ container, attempt, now, observed })
    : { kind: 'look', ref: refOf(container, attempt) };
}

/**
 * Whether the backend must be asked before anything is done: an attempt may have been started before the service
 * was, and a launch that failed for good may have started it in spite of that.
 */
function isDoubtful(attempt: StoredAttempt, { failures }: Observed): boolean {
  const failure = failures.get('launch');
  if (failure === undefined) return attempt.state !== 'submitted';
  return isFinalFailure(failure) && failure.error.retryable;
}

type LaunchView = Pick<AttemptView, 'container' | 'attempt' | 'now'> & { readonly observed: Observed };
type View = AttemptView & LaunchView;

const planByPhase: Readonly<Record<AttemptPhase, (view: View) => Step>> = {
  absent: (view) => (view.attempt.started_at === null ? planLaunch(view) : planEnd(view, lostFacts(view))),
  created: planLaunch,
  running: planRun,
  restarting: (view) => recordNew(view.container, restartingFacts(view)) ?? { kind: 'wait' },
  ended: planEnded,
  start_failed: (view) => planEnd(view, refusedFacts(view)),
  lost: (view) => planEnd(view, lostFacts(view)),
};

function planRemoval(container: StoredContainer): Step {
  const launches = [...new Set(container.attempts.map(({ launch }) => launch))];
  const refs = launches.map((attempt) => ({ container: container.id, attempt }));
  return { kind: 'remove', refs, graceSeconds: container.graceSeconds };
}

/** After the end only this is news: that memory ran out, which the Engine may learn late, and a further start. */
function planAfterEnd(view: View): Step {
  const { container, status } = view;
  const facts = status.phase === 'ended' ? endedFacts(view) : runningFacts(view);
  return (isLateNews(container, status) ? recordNew(container, facts) : undefined) ?? { kind: 'done' };
}

/** Whether a status of a container that is final may change what is kept of it. */
export function isLateNews(container: StoredContainer, status: AttemptStatus): boolean {
  return isLateReason(container, status) || isRevival(container, status);
}

function isLateReason({ state, attempts }: StoredContainer, { phase, oomKilled }: AttemptStatus): boolean {
  return state === 'exited' && phase === 'ended' && oomKilled && attempts.at(-1)?.oom_killed === false;
}

/** An Engine that starts itself may start a container of the policy `always` again that was stopped. */
function isRevival({ submission, attempts }: StoredContainer, status: AttemptStatus): boolean {
  const last = attempts.at(-1);
  if (last === undefined || submission.restart.policy !== 'always') return false;
  return status.phase === 'running' && isNewStart(last, status);
}

function planLaunch({ container, attempt, now, observed }: LaunchView): Step {
  const ref = refOf(container, attempt);
  const failure = observed.failures.get('launch');
  if (failure !== undefined && isFinalFailure(failure)) {
    const changes = withNextAttempt(container, unlaunchedFacts(attempt, failure.error, now), now);
    return { kind: 'give-up', ref, changes };
  }
  const notBefore = timeOfAttempt(container);
  if (now < notBefore) return { kind: 'wait', until: notBefore };
  return { kind: 'launch', order: orderOf(container, ref), attempt: attempt.attempt };
}

function planRun(view: View): Step {
  const { container, attempt, status, now } = view;
  const news = recordNew(container, runningFacts(view));
  if (news !== undefined) return news;
  const { timeout } = container.submission;
  if (timeout === undefined || status.startedAt === undefined) return { kind: 'wait' };
  const deadline = new Date(Date.parse(status.startedAt) + timeout * 1_000);
  if (now < deadline && attempt.reason_code !== 'timed_out') return { kind: 'wait', until: deadline };
  const reason = `It ran longer than its timeout of ${timeout} s.`;
  const marked = { attempt: attempt.attempt, reason, reason_code: 'timed_out' };
  const why: ContainerChange = { at: now.toISOString(), attempts: [marked] };
  return { kind: 'stop', ref: refOf(container, attempt), graceSeconds: timeoutGrace, why };
}

/**
 * An end that somebody else's removal made is no result, but a loss: it is told as an end first. Where the Engine
 * doesn't get the container removed, it stays an end.
 */
function planEnded(view: View): Step {
  const { finishedAt, dockerState } = view.status;
  const isGoing = dockerState.Status === 'removing' || dockerState.Dead === true;
  const until = new Date(Date.parse(finishedAt ?? '') + patienceWithRemoval);
  return isGoing && view.now < until ? { kind: 'wait', until } : planEnd(view, endedFacts(view));
}

function planEnd({ container, now }: View, facts: readonly ContainerChange[]): Step {
  const changes = withNextAttempt(container, facts, now);
  const number = mergeChanges(container, changes).attempt;
  const isNext = changes.length > facts.length;
  return isNext ? { kind: 'begin-attempt', number, changes } : { kind: 'record', changes };
}

/** The facts of an attempt's end, and the next attempt with them where one follows: the container never looks final in between. */
function withNextAttempt(
  container: StoredContainer,
  facts: readonly ContainerChange[],
  now: Date,
): readonly ContainerChange[] {
  const ended = mergeChanges(container, facts);
  if (!isFollowed(ended)) return facts;
  const number = ended.attempt + 1;
  const last = ended.attempts.at(-1);
  const how = last?.state === 'exited' ? `exited with code ${last.exit_code}` : `${last?.state}: ${last?.reason}`;
  const next: ContainerChange = {
    at: now.toISOString(),
    state: 'submitted',
    attempt: number,
    reason: `Attempt ${number} follows; attempt ${ended.attempt} ${how}`,
    reasonCode: last?.reason_code ?? null,
    attempts: [{ attempt: number }],
  };
  return [...facts, next];
}

/** A step that keeps facts; undefined when all of them are known. */
function recordNew(container: StoredContainer, changes: readonly ContainerChange[]): Step | undefined {
  return mergeChanges(container, changes) === container ? undefined : { kind: 'record', changes };
}
