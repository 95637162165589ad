import { once } from 'node:events';
import { BoatLoadError, type Progress } from '@boatload/contract';
import { type ContainerEvent, progressEvent } from './container-event.ts';

export interface EventQueueOptions {
  /** Milliseconds between two words of a container's progress. Default 250. */
  readonly pause?: number;
  /** Events that may wait for a reader who is slow. Default 10,000. */
  readonly longest?: number;
}

/** A container's progress that is held back. */
interface Held {
  /** When the last word was let through; as `performance.now` tells it. */
  readonly at: number;
  readonly latest?: Progress;
}

/** Events on their way to one reader: states each and in order, of progress only the latest word. */
export class EventQueue {
  readonly #pause: number;
  readonly #longest: number;
  readonly #events: ContainerEvent[] = [];
  /** Whether there were too many events; then nothing is kept any more. */
  #isTooLong = false;
  readonly #held = new Map<string, Held>();
  #timer: NodeJS.Timeout | undefined;
  readonly #woken = new EventTarget();

  constructor({ pause = 250, longest = 10_000 }: EventQueueOptions = {}) {
    this.#pause = pause;
    this.#longest = longest;
  }

  /** Adds an event behind all that was told before it, progress that is held back included. */
  push(event: ContainerEvent): void {
    this.#release(event.data.container);
    this.#add(event);
  }

  /** Adds a container's progress, or puts it in the place of what is held back; undefined: there is no more. */
  pushProgress(container: string, progress: Progress | undefined): void {
    if (this.#isTooLong) return;
    const held = this.#held.get(container);
    if (progress === undefined) {
      this.#release(container);
      this.#held.delete(container);
    } else if (held === undefined || performance.now() - held.at >= this.#pause) {
      this.#let(container, progress);
    } else {
      this.#held.set(container, { at: held.at, latest: progress });
      this.#timer ??= setTimeout(() => this.#releaseDue(), held.at + this.#pause - performance.now());
    }
  }

  /**
   * What was told and what will be, in its order, for ever. There is one reader.
   * @throws AbortError; conflict when the reader was too slow
   */
  async *read(signal: AbortSignal): AsyncGenerator<ContainerEvent> {
    for (;;) {
      if (this.#isTooLong) throw tooSlow();
      const event = this.#events.shift();
      if (event === undefined) await once(this.#woken, 'wake', { signal });
      else yield event;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held.clear();
    this.#events.length = 0;
  }

  #let(container: string, progress: Progress): void {
    this.#held.set(container, { at: performance.now() });
    this.#add(progressEvent(container, progress));
  }

  #add(event: ContainerEvent): void {
    if (this.#isTooLong) return;
    this.#events.push(event);
    // A reader who has stopped reading may stay connected for ever: he must hold no memory until then.
    if (this.#events.length > this.#longest) {
      this.#isTooLong = true;
      this.close();
    }
    this.#woken.dispatchEvent(new Event('wake'));
  }

  #release(container: string): void {
    const latest = this.#held.get(container)?.latest;
    if (latest !== undefined) this.#let(container, latest);
  }

  #releaseDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    const waiting = [...this.#held].filter(([, { latest }]) => latest !== undefined);
    for (const [container, { at }] of waiting) if (now - at >= this.#pause) this.#release(container);
    const next = Math.min(...waiting.map(([, { at }]) => at).filter((at) => now - at < this.#pause));
    if (next !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#releaseDue(), next + this.#pause - now);
  }
}

function tooSlow(): BoatLoadError {
  return new BoatLoadError('conflict', 'The events came faster than they were read: connect again and read faster.');
}
