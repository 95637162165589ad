import type { AttemptOrder, AttemptRef, AttemptStatus, FileChange, Satellite } from '@boatload/contract';
import { EventWatch } from './event-watch.ts';

/** Both streams, as text. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Prepares and starts an order and waits for its end. */
export async function runToEnd(satellite: Satellite, order: AttemptOrder): Promise<AttemptStatus> {
  await using watch = new EventWatch(satellite);
  await satellite.prepare(order);
  await satellite.start(order.ref);
  return await watch.phase(order.ref, 'ended');
}

/** The output so far. */
export async function outputOf(satellite: Satellite, ref: AttemptRef): Promise<Output> {
  const seen = { stdout: '', stderr: '' };
  for await (const { stream, data } of satellite.logs(ref, { streams: { stdout: true, stderr: true } })) {
    seen[stream] += Buffer.from(data).toString('utf8');
  }
  return seen;
}

/** Every change, as told now. */
export async function changesOf(satellite: Satellite, ref: AttemptRef): Promise<readonly FileChange[]> {
  const changes: FileChange[] = [];
  for await (const change of satellite.changes(ref)) changes.push(change);
  return changes;
}

/** Waits until an attempt that runs has written something to its output. */
export async function waitForOutput(satellite: Satellite, ref: AttemptRef, wanted: string): Promise<void> {
  const signal = AbortSignal.timeout(30_000);
  let seen = '';
  for await (const { data } of satellite.logs(
    ref,
    { streams: { stdout: true, stderr: true }, follow: true },
    { signal },
  )) {
    seen += Buffer.from(data).toString('utf8');
    if (seen.includes(wanted)) return;
  }
  throw new Error(`the output ended without «${wanted}»: ${seen}`);
}
