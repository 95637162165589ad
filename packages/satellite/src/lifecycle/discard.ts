import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions } from '@boatload/contract';
import {
  type Engine,
  type Labels,
  listContainers,
  listVolumes,
  refusalOf,
  removeContainer,
  removeVolume,
} from '@boatload/engine';
import { isOurName } from './labels.ts';

interface DiscardOptions extends CallOptions {
  /** Milliseconds that the Engine gets to finish what it says is still in progress. Default 30 s. */
  readonly patience?: number;
}

/** Removes all containers and volumes of ours that carry the labels, killing what runs. May be repeated. */
export async function discardLabelled(engine: Engine, labels: Labels, options: CallOptions = {}): Promise<void> {
  const containers = await listContainers(engine, labels, options);
  const ours = containers.filter(({ name, labels: found }) => isOurName(name, found));
  await Promise.all(ours.map(({ id }) => discardContainer(engine, id, options)));
  const volumes = await listVolumes(engine, labels, options);
  await Promise.all(volumes.map(({ name }) => discardVolume(engine, name, options)));
}

/** Removes a container with its anonymous volumes; it is gone when the promise is fulfilled. */
export async function discardContainer(engine: Engine, id: string, options: DiscardOptions = {}): Promise<void> {
  await insist(() => removeContainer(engine, id, options), options);
}

export async function discardVolume(engine: Engine, name: string, options: DiscardOptions = {}): Promise<void> {
  await insist(() => removeVolume(engine, name, options), options);
}

/** Repeats what the Engine refuses with 409: another removal is at work, or a container still holds a volume. */
async function insist(call: () => Promise<void>, { signal, patience = 30_000 }: DiscardOptions): Promise<void> {
  const deadline = Date.now() + patience;
  for (let pause = 20; ; pause = Math.min(pause * 2, 1_000)) {
    try {
      return await call();
    } catch (error) {
      if (refusalOf(error)?.status !== 409 || Date.now() > deadline) throw error;
    }
    await delay(pause, undefined, signal === undefined ? {} : { signal });
  }
}
