import { finalStates, type Principal, type Progress, type TimelineEntry } from '@boatload/contract';
import type { ContainerStore } from '../../store/store.ts';
import type { ContainerWatch, OwnedContainer } from '../watch.ts';
import { type ContainerEvent, stateEvent } from './container-event.ts';
import { EventQueue } from './event-queue.ts';

export interface EventParts {
  readonly containers: Pick<ContainerStore, 'find'>;
  readonly watch: ContainerWatch;
  /** How far the staging of a container is. */
  readonly progress: (id: string) => Progress | undefined;
}

/** Tells what happens to containers, as it happens. */
export class EventService {
  readonly #parts: EventParts;

  constructor(parts: EventParts) {
    this.#parts = parts;
  }

  /**
   * The timeline of a container, behind its entry with the number `after` (0: all of it; a number that there is not
   * yet: what comes from now on), and how far its staging is. Ends when the container is in a final state, or gone.
   */
  async *ofContainer(id: string, after: number, signal: AbortSignal): AsyncGenerator<ContainerEvent> {
    using heard = this.#listen((container) => container.id === id);
    const container = await this.#parts.containers.find(id);
    if (container === undefined) return;
    const known = container.timeline.map((entry, index) => ({ seq: index + 1, ...entry }));
    for (const entry of known.slice(after)) yield stateEvent(id, entry);
    if (isOver(container.timeline.at(-1))) return;
    heard.queue.pushProgress(id, this.#parts.progress(id));
    for await (const event of heard.queue.read(signal)) {
      if (event.kind === 'end') return;
      // What was committed before the timeline was read was told by it.
      if (event.kind !== 'state' || event.data.seq > known.length) yield event;
    }
  }

  /** What happens from now on to all containers of a user; an admin's are all. Never ends. */
  async *ofAll({ admin, username }: Principal, signal: AbortSignal): AsyncGenerator<ContainerEvent> {
    using heard = this.#listen(({ owner }) => admin || owner === username);
    for await (const event of heard.queue.read(signal)) if (event.kind !== 'end') yield event;
  }

  #listen(isMeant: (container: OwnedContainer) => boolean): Disposable & { readonly queue: EventQueue } {
    const queue = new EventQueue();
    const stop = this.#parts.watch.listen({
      onCommit: ({ entries, isErased, ...container }) => {
        if (!isMeant(container)) return;
        for (const entry of entries) queue.push(stateEvent(container.id, entry));
        // One that is followed by another attempt has, in the same commit, an entry behind its end.
        if (isErased || isOver(entries.at(-1))) queue.push({ kind: 'end', data: { container: container.id } });
      },
      onProgress: (container, progress) => {
        if (isMeant(container)) queue.pushProgress(container.id, progress);
      },
    });
    const end = (): void => {
      stop();
      queue.close();
    };
    return { queue, [Symbol.dispose]: end };
  }
}

/** Whether nothing more happens to a container by itself behind this entry of its timeline. */
function isOver(last: Pick<TimelineEntry, 'state'> | undefined): boolean {
  return last !== undefined && finalStates.has(last.state);
}
