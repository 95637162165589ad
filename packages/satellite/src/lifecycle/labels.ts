import type { AttemptRef } from '@boatload/contract';
import type { Labels } from '@boatload/engine';
import { permitName } from '../state/attempt-store.ts';

const names = {
  instance: 'io.boatload.instance',
  container: 'io.boatload.container',
  attempt: 'io.boatload.attempt',
} as const;

/** What marks containers and volumes as made by one installation. */
export function instanceLabels(instance: string): Labels {
  return { [names.instance]: instance };
}

/** What marks containers and volumes as made for one attempt. */
export function attemptLabels(instance: string, ref: AttemptRef): Labels {
  return { [names.instance]: instance, [names.container]: ref.container, [names.attempt]: String(ref.attempt) };
}

/**
 * Whether a container that carries our labels is one that we made. An image that somebody committed from one of
 * our containers hands the labels on to whatever is made of it; the name it does not.
 */
export function isOurName(name: string, labels: Labels): boolean {
  const ref = refOfLabels(labels);
  return ref !== undefined && (name === permitName(ref, 1) || name.startsWith(`${permitName(ref, 1)}-g`));
}

/** The attempt that something was made for; undefined if its labels do not say. */
export function refOfLabels(labels: Labels): AttemptRef | undefined {
  const container = labels[names.container] ?? '';
  const attempt = Number(labels[names.attempt]);
  const valid = /^[0-9a-f]{32}$/.test(container) && Number.isSafeInteger(attempt) && attempt > 0;
  return valid ? { container, attempt } : undefined;
}
