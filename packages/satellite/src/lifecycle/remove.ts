import type { AttemptRef } from '@boatload/contract';
import { type AttemptRecord, isPrepared } from '../state/attempt-record.ts';
import { attemptKey } from '../state/attempt-store.ts';
import type { SatelliteContext } from './context.ts';
import { discardContainer, discardLabelled, discardVolume } from './discard.ts';
import { attemptLabels } from './labels.ts';

/**
 * Removes all that belongs to an attempt, its record last: what an interruption leaves is still known and
 * removed the next time. Parts that the Engine has lost are not missed.
 */
export async function removeAttempt(context: SatelliteContext, ref: AttemptRef, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const record = await context.store.read(ref);
  // Only what was prepared to the end is known part by part; to search costs the Engine more the more it has.
  if (isPrepared(record)) await discardRecorded(context, record, options);
  else await discardLabelled(context.engine, attemptLabels(context.instance, ref), options);
  await context.store.forget(ref);
  await context.cache.release(attemptKey(ref));
}

async function discardRecorded(
  context: SatelliteContext,
  record: AttemptRecord & { readonly containerId: string },
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  await discardContainer(context.engine, record.containerId, options);
  // The image's own volumes are nameless and went with the container; a view's directories go with the record.
  const named = record.mounts.flatMap(({ kind, volume }) => (kind === 'image' || volume === undefined ? [] : [volume]));
  await Promise.all(named.map((volume) => discardVolume(context.engine, volume, options)));
}
