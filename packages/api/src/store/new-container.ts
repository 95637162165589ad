import { newAttempt } from './merge-change.ts';
import type { NewContainer, StoredContainer } from './records.ts';

/** A container as it is when it has just been submitted. */
export function containerFrom({ at, idempotency, ...added }: NewContainer): StoredContainer {
  return {
    ...added,
    createdAt: at,
    state: 'submitted',
    reason: null,
    reasonCode: null,
    attempt: 1,
    desired: 'run',
    graceSeconds: 0,
    attempts: [newAttempt(1)],
    timeline: [{ at, state: 'submitted', attempt: 1, reason: null, reason_code: null, progress: null }],
    fetched: {},
  };
}
