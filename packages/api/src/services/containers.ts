import { setTimeout as delay } from 'node:timers/promises';
import { BoatLoadError, containerIdPattern, type Principal } from '@boatload/contract';
import type { ContainerPage, ContainerQuery, StoredContainer } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** Seconds that a caller waits for a removal, beside the grace. */
const longestRemoval = 30;
const idPattern = new RegExp(containerIdPattern);

export interface ContainerParts {
  readonly store: Store;
  /** Carries out a committed removal; resolves when nothing of the container is left. */
  readonly removed: (id: string) => Promise<void>;
}

/** Finds, lists and deletes containers, each caller's own; an admin's are all. */
export class ContainerService {
  readonly #parts: ContainerParts;

  constructor(parts: ContainerParts) {
    this.#parts = parts;
  }

  /** @throws container_not_found, also for somebody else's container */
  async find(id: string, principal: Principal): Promise<StoredContainer> {
    const container = idPattern.test(id) ? await this.#parts.store.containers.find(id) : undefined;
    if (container === undefined || !(principal.admin || container.owner === principal.username)) {
      const shown = id.length > 40 ? `${id.slice(0, 40)}…` : id;
      throw new BoatLoadError('container_not_found', `There is no container "${shown}": it may have been deleted.`);
    }
    return container;
  }

  /** A page of the caller's containers, newest first. */
  list(query: Omit<ContainerQuery, 'owner'>, principal: Principal): Promise<ContainerPage> {
    return this.#parts.store.containers.list(principal.admin ? query : { ...query, owner: principal.username });
  }

  /**
   * Commits the removal, then waits until nothing is left of the container on its node; if that takes long
   * (the Engine may be away), it goes on after this has resolved.
   */
  async remove(id: string, principal: Principal, graceSeconds: number): Promise<void> {
    await this.find(id, principal);
    await this.#parts.store.containers.markRemoving(id, graceSeconds);
    const patience = new AbortController();
    const removed = this.#parts.removed(id).finally(() => patience.abort());
    const waited = delay((graceSeconds + longestRemoval) * 1_000, undefined, { signal: patience.signal });
    await Promise.race([removed, waited.catch(() => removed)]);
  }
}
