import type { AttemptRef } from '@boatload/contract';
import { type Labels, listContainers, listVolumes, refusalOf } from '@boatload/engine';
import { isPrepared } from '../state/attempt-record.ts';
import { type AttemptStore, attemptKey } from '../state/attempt-store.ts';
import type { SatelliteContext } from './context.ts';
import { discardContainer, discardVolume } from './discard.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { instanceLabels, isOurName, refOfLabels } from './labels.ts';
import { removeAttempt } from './remove.ts';

/** Milliseconds: a node tells of its containers only after a sweep. */
const patience = 2_000;

/** Preparations that a killed satellite had begun; to be looked for before new ones begin. */
export class UnfinishedAttempts {
  readonly #left: Map<string, { readonly ref: AttemptRef; readonly createdAt: string | undefined }>;

  private constructor(left: Map<string, { readonly ref: AttemptRef; readonly createdAt: string | undefined }>) {
    this.#left = left;
  }

  static async find(store: AttemptStore): Promise<UnfinishedAttempts> {
    const left = new Map<string, { readonly ref: AttemptRef; readonly createdAt: string | undefined }>();
    for (const ref of await store.list()) {
      const record = await store.read(ref);
      if (!isPrepared(record)) left.set(attemptKey(ref), { ref, createdAt: record?.createdAt });
    }
    return new UnfinishedAttempts(left);
  }

  /** Removes what they left, except of those that were prepared anew since. May be repeated until it succeeds. */
  async sweep(context: SatelliteContext, locks: KeyedLock, signal: AbortSignal): Promise<void> {
    for (const [key, { ref, createdAt }] of this.#left) {
      const isRemoved = await tryToRemove(context, { ...ref }, async () => {
        await locks.run(key, async () => {
          if ((await context.store.read(ref))?.createdAt === createdAt) await removeAttempt(context, ref, signal);
        });
      });
      if (!isRemoved) continue;
      this.#left.delete(key);
      context.log.info({ ...ref }, 'removed what an interrupted preparation left');
    }
  }
}

/** Removes this installation's containers and volumes on the Engine that no record knows. At any time. */
export async function sweepOrphans(context: SatelliteContext, signal?: AbortSignal): Promise<void> {
  const { engine, instance } = context;
  const options = { patience, ...(signal === undefined ? {} : { signal }) };
  const labels = instanceLabels(instance);
  for (const { id, name, labels: found } of await listContainers(engine, labels, options)) {
    const isOrphan = isOurName(name, found) ? !(await isKnown(context, found)) : context.facts.isLeftover(name);
    if (!isOrphan) continue;
    const isRemoved = await tryToRemove(context, { container: id }, () => discardContainer(engine, id, options));
    if (isRemoved) context.log.warn({ container: id }, 'removed a container that no record knows');
  }
  for (const { name, labels: found } of await listVolumes(engine, labels, options)) {
    if (await isKnown(context, found)) continue;
    const isRemoved = await tryToRemove(context, { volume: name }, () => discardVolume(engine, name, options));
    if (isRemoved) context.log.warn({ volume: name }, 'removed a volume that no record knows');
  }
}

/** What the Engine does not let go of, for example a volume that somebody else uses, must not keep the rest. */
async function tryToRemove(context: SatelliteContext, what: object, remove: () => Promise<void>): Promise<boolean> {
  try {
    await remove();
    return true;
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    context.log.warn(
      { err: error, ...what },
      'the Engine cannot remove yet what a crash left: it is tried again later',
    );
    return false;
  }
}

async function isKnown(context: SatelliteContext, labels: Labels): Promise<boolean> {
  const ref: AttemptRef | undefined = refOfLabels(labels);
  return ref !== undefined && (await context.store.read(ref)) !== undefined;
}
