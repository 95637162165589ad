import { BoatLoadError } from '@boatload/contract';
import { refusalOf } from './errors.ts';

/** Turns the Engine's word that it has no such container into `attempt_not_found`; any other error stays. */
export function explainMissing(error: unknown): unknown {
  const refusal = refusalOf(error);
  if (refusal?.status !== 404 || !/no such container/i.test(refusal.reason)) return error;
  return new BoatLoadError('attempt_not_found', 'The container is gone from the Docker Engine: submit it again.', {
    cause: refusal,
  });
}
