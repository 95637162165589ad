import type { Backend } from '@boatload/backend';
import { type AttemptRef, BoatLoadError, type Satellite } from '@boatload/contract';
import type { StoredAttempt, StoredContainer } from '../../store/records.ts';

/** An attempt that was started at least once, and the satellite through which it is read. */
export interface ReadableAttempt {
  readonly ref: AttemptRef;
  readonly satellite: Satellite;
  readonly attempt: StoredAttempt;
  /** Part of the real container's output that belongs to the attempt, where it was restarted in place. */
  readonly since?: string;
  readonly until?: string;
}

/**
 * The attempt with a number, by default the last one.
 * @throws attempt_not_found
 */
export function attemptOf(container: StoredContainer, number?: number): StoredAttempt {
  const attempt =
    number === undefined ? container.attempts.at(-1) : container.attempts.find((each) => each.attempt === number);
  if (attempt !== undefined) return attempt;
  const known = container.attempts.length;
  throw new BoatLoadError(
    'attempt_not_found',
    `The container has no attempt ${number}: ask for one from 1 to ${known}, or leave the parameter out.`,
    { field: 'attempt' },
  );
}

/** Makes an attempt readable; undefined as long as nothing of it was started. */
export async function readableAttempt(
  backend: Backend,
  container: StoredContainer,
  { attempt, signal }: { readonly attempt: StoredAttempt; readonly signal: AbortSignal },
): Promise<ReadableAttempt | undefined> {
  if (attempt.started_at === null) return undefined;
  const ref = { container: container.id, attempt: attempt.launch };
  const satellite = await backend.satelliteOf(ref, { signal });
  if (satellite === undefined) return undefined;
  const sameLaunch = container.attempts.filter((each) => each.launch === attempt.launch);
  const next = sameLaunch.find((each) => each.attempt === attempt.attempt + 1)?.started_at ?? undefined;
  return {
    ref,
    satellite,
    attempt,
    ...(sameLaunch.length > 1 && attempt.attempt > attempt.launch ? { since: attempt.started_at } : {}),
    ...(next === undefined ? {} : { until: next }),
  };
}
