import { isDeepStrictEqual } from 'node:util';
import type { TimelineEntry } from '@boatload/contract';
import type { AttemptChange, ContainerChange, StoredAttempt, StoredContainer } from './records.ts';

/**
 * A container with new facts added. Gives back the same object when it knew them all.
 *
 * Once a container is to be removed its state stays `removing`, whatever happens to its attempts. The timeline
 * gets an entry where state, reason or the attempt they are about differ from the last one.
 */
export function mergeChange(container: StoredContainer, change: ContainerChange): StoredContainer {
  const withAttempts = (change.attempts ?? []).reduce(mergeAttempt, container);
  return mergeState(mergeStaged(withAttempts, change), change);
}

/** The same for several changes, one after the other. */
export function mergeChanges(
  container: StoredContainer,
  changes: ContainerChange | readonly ContainerChange[],
): StoredContainer {
  return [changes].flat().reduce(mergeChange, container);
}

function mergeAttempt(container: StoredContainer, change: AttemptChange): StoredContainer {
  const known = container.attempts.find(({ attempt }) => attempt === change.attempt);
  const merged = { ...(known ?? newAttempt(change.attempt)), ...change };
  if (isDeepStrictEqual(known, merged)) return container;
  const others = container.attempts.filter(({ attempt }) => attempt !== change.attempt);
  const attempts = [...others, merged].sort((a, b) => a.attempt - b.attempt);
  return { ...container, attempts, attempt: Math.max(container.attempt, change.attempt) };
}

/** Before a change of state: what was staged belongs to the state that ends. */
function mergeStaged(container: StoredContainer, { staged }: ContainerChange): StoredContainer {
  const last = container.timeline.findLast(({ state }) => state === 'staging');
  if (staged === undefined || last === undefined || isDeepStrictEqual(last.progress, staged)) return container;
  const timeline = container.timeline.map((entry) => (entry === last ? { ...entry, progress: [...staged] } : entry));
  return { ...container, timeline };
}

function mergeState(container: StoredContainer, change: ContainerChange): StoredContainer {
  if (change.state === undefined) return container;
  if (container.desired === 'removed' && change.state !== 'removing') return container;
  const entry: TimelineEntry = {
    at: change.at,
    state: change.state,
    attempt: change.attempt ?? container.attempt,
    reason: change.reason ?? null,
    reason_code: change.reasonCode ?? null,
    progress: null,
  };
  const last = container.timeline.at(-1);
  if (last !== undefined && isDeepStrictEqual({ ...last, at: entry.at, progress: null }, entry)) return container;
  const timeline = [...container.timeline, entry];
  return { ...container, state: entry.state, reason: entry.reason, reasonCode: entry.reason_code, timeline };
}

/** An attempt of which nothing is known yet. */
export function newAttempt(attempt: number): StoredAttempt {
  return {
    attempt,
    launch: attempt,
    state: 'submitted',
    node: null,
    started_at: null,
    finished_at: null,
    exit_code: null,
    oom_killed: false,
    reason: null,
    reason_code: null,
    dockerState: {},
  };
}
