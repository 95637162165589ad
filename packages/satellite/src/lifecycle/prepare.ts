import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AttemptOrder, type AttemptRef, BoatLoadError, type PrepareOptions } from '@boatload/contract';
import { inspectContainer } from '@boatload/engine';
import { planMounts, type ViewPlaces } from '../mounts/mount-plan.ts';
import { thinProgress } from '../staging/report-progress.ts';
import { type AttemptRecord, isPrepared } from '../state/attempt-record.ts';
import { attemptKey, permitName } from '../state/attempt-store.ts';
import { buildContainer, describeSubject } from './build-container.ts';
import { checkOrder } from './check-order.ts';
import type { SatelliteContext } from './context.ts';
import { removeAttempt } from './remove.ts';
import { type StagedFiles, stageFiles } from './stage-files.ts';

/**
 * Brings an attempt to the brink of its start. The record is on disk before the Engine is asked for anything,
 * and says `prepared` only once all is in place: what a crash in between leaves behind is found and replaced.
 */
export async function prepareAttempt(
  context: SatelliteContext,
  order: AttemptOrder,
  options: PrepareOptions & { readonly signal: AbortSignal },
): Promise<void> {
  checkOrder(order);
  if (await isReady(context, order.ref, options.signal)) return;
  await undoPreparation(context, order.ref, options.signal);
  const dir = join(context.store.temporary, randomUUID());
  await mkdir(dir, { mode: 0o700 });
  try {
    await prepareAnew(context, order, { ...options, dir });
  } catch (error) {
    // Not with the caller's signal: an aborted attempt must be cleaned up all the more.
    await cleanUp(context, order.ref);
    throw error;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** What fails here must not hide why the preparation failed. */
async function cleanUp(context: SatelliteContext, ref: AttemptRef): Promise<void> {
  const warn = (error: unknown): void => {
    context.log.warn({ err: error, ...ref }, 'what a failed preparation left is removed when next seen');
  };
  await undoPreparation(context, ref).catch(warn);
  await context.cache.release(attemptKey(ref)).catch(warn);
}

/** Without a record the Engine was asked for nothing: at most a write of the record was begun. */
async function undoPreparation(context: SatelliteContext, ref: AttemptRef, signal?: AbortSignal): Promise<void> {
  if ((await context.store.read(ref)) === undefined) await context.store.forget(ref);
  else await removeAttempt(context, ref, signal);
}

async function isReady(context: SatelliteContext, ref: AttemptRef, signal: AbortSignal): Promise<boolean> {
  const record = await context.store.read(ref);
  if (!isPrepared(record)) return false;
  if ((await inspectContainer(context.engine, record.containerId, { signal })) !== undefined) return true;
  if ((await context.store.lastPermit(ref)) === undefined) return false;
  throw new BoatLoadError(
    'lost',
    `The container ${record.name} was started and is gone from the node ${context.node}: somebody removed it. Submit it again.`,
  );
}

async function prepareAnew(
  context: SatelliteContext,
  order: AttemptOrder,
  options: PrepareOptions & { readonly signal: AbortSignal; readonly dir: string },
): Promise<void> {
  const { dir, signal } = options;
  const { report, tellUnfinished } = thinProgress(options.onProgress);
  const staged = await stageFiles(context, order, { dir, signal, report }).catch((error: unknown) => {
    tellUnfinished();
    throw error;
  });
  const record: AttemptRecord = {
    version: 1,
    ref: { container: order.ref.container, attempt: order.ref.attempt },
    name: permitName(order.ref, 1),
    phase: 'preparing',
    mounts: planMounts(order, placesOf(context, order.ref, staged)),
    injected: [],
    cached: context.cache.heldBy(attemptKey(order.ref)),
    subject: describeSubject(order, staged),
    createdAt: new Date().toISOString(),
  };
  await context.launching(async () => {
    await context.store.write(record);
    await context.store.write(await buildContainer(context, { order, staged, record, signal }));
  }, signal);
}

function placesOf({ views, store }: SatelliteContext, ref: AttemptRef, { data }: StagedFiles): ViewPlaces | undefined {
  if (views === undefined) return undefined;
  return { directory: store.mountsDirectory(ref), ...(data?.form === 'tree' ? { data: data.tree.directory } : {}) };
}
