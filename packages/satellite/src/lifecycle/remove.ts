import type { AttemptRef } from '@boatload/contract';
import type { SatelliteContext } from './context.ts';
import { discardLabelled } from './discard.ts';
import { attemptLabels } from './labels.ts';

/**
 * Removes all that belongs to an attempt, its record last: what an interruption leaves is still known and
 * removed the next time. Parts that the Engine has lost are not missed.
 */
export async function removeAttempt(context: SatelliteContext, ref: AttemptRef, signal: AbortSignal): Promise<void> {
  await discardLabelled(context.engine, attemptLabels(context.instance, ref), { signal });
  await context.store.forget(ref);
}
