import type { ErrorCode } from '@boatload/contract';
import type { StoredAttempt, StoredContainer } from '../store/records.ts';
import type { Failure } from './step.ts';

const stepBackoff = { first: 200, most: 30_000 };
const attemptBackoff = { first: 100, most: 60_000 };

// How often a launch is tried before its attempt has failed. Without an Engine nothing is wrong with the
// attempt, so that is waited for. A URL was tried as often as that helps before its launch failed; a registry that
// fails three times will probably go on to.
const triesByCode: Partial<Record<ErrorCode, number>> = {
  engine_unavailable: Number.POSITIVE_INFINITY,
  shutting_down: Number.POSITIVE_INFINITY,
  fetch_failed: 1,
  image_pull_failed: 3,
};
const triesOtherwise = 6;

/** Whether a failed launch is not tried again. */
export function isFinalFailure({ error, tries }: Failure): boolean {
  if (!error.retryable) return true;
  return tries >= (triesByCode[error.code] ?? triesOtherwise);
}

/** When a failed step is tried again. */
export function timeOfRetry({ at, tries }: Failure): Date {
  return new Date(at.getTime() + doubled(stepBackoff, tries));
}

/** Whether another attempt follows the last one, which has ended. */
export function isFollowed({ submission, attempts }: StoredContainer): boolean {
  const last = attempts.at(-1);
  if (last === undefined || isSuccess(last)) return false;
  const { restart, retries } = submission;
  const onFailure = restart.policy === 'on-failure' && last.state === 'exited';
  const allowed = onFailure ? Math.max(restart.max ?? Number.POSITIVE_INFINITY, retries) : retries;
  return countLaunches(attempts) - 1 < allowed;
}

/** Before when the last attempt is not launched: it follows a failed one. */
export function timeOfAttempt({ attempts }: StoredContainer): Date {
  const before = attempts.at(-2);
  if (before === undefined || before.finished_at === null) return new Date(0);
  return new Date(Date.parse(before.finished_at) + doubled(attemptBackoff, countLaunches(attempts) - 1));
}

function isSuccess({ state, exit_code }: StoredAttempt): boolean {
  return state === 'exited' && exit_code === 0;
}

function countLaunches(attempts: readonly StoredAttempt[]): number {
  return new Set(attempts.map(({ launch }) => launch)).size;
}

function doubled({ first, most }: { readonly first: number; readonly most: number }, times: number): number {
  return Math.min(first * 2 ** (times - 1), most);
}
