import { EventEmitter, once } from 'node:events';
import type { Progress } from '@boatload/contract';
import type { ContainerNews } from '../store/records.ts';

/** Whose a container is. */
export type OwnedContainer = Pick<ContainerNews, 'id' | 'owner'>;

/** Hears of every container. */
export interface WatchListener {
  /** Something was committed. */
  readonly onCommit: (news: ContainerNews) => void;
  /** How far its staging is; undefined when that is over. */
  readonly onProgress: (container: OwnedContainer, progress: Progress | undefined) => void;
}

/** Tells who waits that something about a container was committed, and how far its staging is. */
export class ContainerWatch {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #listeners = new Set<WatchListener>();

  /**
   * Resolves at the next commit about a container. Call it before looking at the container, await it after:
   * then no change is missed.
   * @throws AbortError
   */
  async next(id: string, signal: AbortSignal): Promise<void> {
    await once(this.#emitter, id, { signal });
  }

  /**
   * Hears all that is told from now on, in its order.
   * @returns ends it
   */
  listen(listener: WatchListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells of a commit. */
  tell(news: ContainerNews): void {
    this.#emitter.emit(news.id);
    for (const { onCommit } of this.#listeners) onCommit(news);
  }

  /** Tells how far a staging is; undefined when it is over. */
  tellProgress(container: OwnedContainer, progress: Progress | undefined): void {
    for (const { onProgress } of this.#listeners) onProgress(container, progress);
  }
}
