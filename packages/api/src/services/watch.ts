import { EventEmitter, once } from 'node:events';
import type { ContainerStore } from '../store/store.ts';

/** Tells who waits that something about a container was committed. */
export class ContainerWatch {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  /**
   * Resolves at the next commit about a container. Call it before looking at the container, await it after:
   * then no change is missed.
   * @throws AbortError
   */
  async next(id: string, signal: AbortSignal): Promise<void> {
    await once(this.#emitter, id, { signal });
  }

  notify(id: string): void {
    this.#emitter.emit(id);
  }
}

/** A container store that tells a watch of each commit. */
export function watchContainers(containers: ContainerStore, watch: ContainerWatch): ContainerStore {
  const told = async <T>(id: string, commit: Promise<T>): Promise<T> => {
    const result = await commit;
    watch.notify(id);
    return result;
  };
  return {
    submit: (container) => told(container.id, containers.submit(container)),
    find: (id) => containers.find(id),
    list: (query) => containers.list(query),
    open: () => containers.open(),
    markRemoving: (id, graceSeconds, at) => told(id, containers.markRemoving(id, graceSeconds, at)),
    erase: (id) => told(id, containers.erase(id)),
    record: (id, change) => told(id, containers.record(id, change)),
  };
}
