import { setTimeout as delay } from 'node:timers/promises';
import { type AttemptRef, type AttemptStatus, BoatLoadError } from '@boatload/contract';
import { type ContainerEvent, subscribeEvents } from '@boatload/engine';
import { joinSignals } from '../join-signals.ts';
import { isPrepared } from '../state/attempt-record.ts';
import { ChangedAttempts, type StatusLookup } from './changed-attempts.ts';
import type { SatelliteContext } from './context.ts';
import { EventMemory } from './event-memory.ts';
import { instanceLabels, refOfLabels } from './labels.ts';
import { readStatus } from './status.ts';

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Removes what crashes left, now that the Engine answers. */
  readonly sweep: (signal: AbortSignal) => Promise<void>;
  /** Subscribes to the changes that the Engine does not tell; gives back how to stop. */
  readonly onChange: (listener: (ref: AttemptRef) => void) => () => void;
}

/** How many attempts are looked up at a time when all are. */
const lookupsAtOnce = 16;
/** Milliseconds. */
const firstPause = 100;
const longestPause = 5_000;

/**
 * The status of every attempt, `synced`, then each change; from the beginning again after the Engine was away.
 * Ends when the signal is aborted.
 */
export async function* watchAttempts(
  context: SatelliteContext,
  options: WatchOptions,
): AsyncGenerator<AttemptStatus | 'synced', void, undefined> {
  const { signal } = options;
  let pause = firstPause;
  while (!signal.aborted) {
    try {
      for await (const item of watchOnce(context, options)) {
        if (item === 'synced') pause = firstPause;
        yield item;
      }
    } catch (error) {
      if (signal.aborted) return;
      context.log.warn({ err: error, pause }, "the Engine's events broke off: they are followed again");
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * 2, longestPause);
  }
}

/** Follows the Engine until the connection is lost, which is thrown. What happens during the listing is not missed. */
async function* watchOnce(
  context: SatelliteContext,
  options: WatchOptions,
): AsyncGenerator<AttemptStatus | 'synced', void, undefined> {
  const stop = new AbortController();
  const signal = joinSignals([options.signal, stop.signal]);
  const memory = new EventMemory();
  const lookup: StatusLookup = async (ref) => {
    if (context.isRemoving(ref)) return undefined;
    const status = await readStatus(context, ref, signal);
    return context.isRemoving(ref) ? undefined : memory.complete(status);
  };
  const changed = new ChangedAttempts(lookup);
  const unsubscribe = options.onChange((ref) => changed.add(ref));
  signal.addEventListener('abort', () => changed.fail(signal.reason), { once: true });
  try {
    const events = await subscribeEvents(context.engine, instanceLabels(context.instance), { signal });
    collect(events, { changed, memory }).catch((error: unknown) => changed.fail(error));
    await options.sweep(signal);
    yield* listStatuses(context, lookup);
    yield 'synced';
    yield* changed;
  } finally {
    unsubscribe();
    stop.abort();
  }
}

async function collect(
  events: AsyncIterable<ContainerEvent>,
  { changed, memory }: { readonly changed: ChangedAttempts; readonly memory: EventMemory },
): Promise<void> {
  for await (const event of events) {
    const ref = refOfLabels(event.labels);
    if (ref === undefined) continue;
    memory.note(ref, event);
    changed.add(ref);
  }
  throw new BoatLoadError('engine_unavailable', 'The Docker Engine ended its stream of events: it is stopping.');
}

async function* listStatuses(
  context: SatelliteContext,
  lookup: StatusLookup,
): AsyncGenerator<AttemptStatus, void, undefined> {
  const refs = await context.store.list();
  for (let at = 0; at < refs.length; at += lookupsAtOnce) {
    const some = refs.slice(at, at + lookupsAtOnce);
    const statuses = await Promise.all(some.map((ref) => lookupPrepared(context, ref, lookup)));
    yield* statuses.filter((status) => status !== undefined);
  }
}

/** What is still being prepared, or was removed since the list was made, is no attempt on this node. */
async function lookupPrepared(
  context: SatelliteContext,
  ref: AttemptRef,
  lookup: StatusLookup,
): Promise<AttemptStatus | undefined> {
  return isPrepared(await context.store.read(ref)) ? await lookup(ref) : undefined;
}
