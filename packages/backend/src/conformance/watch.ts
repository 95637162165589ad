import type { AttemptRef, AttemptStatus } from '@boatload/contract';
import type { Backend } from '../port.ts';

type Event = AttemptStatus | 'synced';

/** Follows a backend's events from the moment it is made, and lets tests wait for what they want to see. */
export class EventWatch implements AsyncDisposable {
  readonly seen: Event[] = [];
  readonly #abort = new AbortController();
  readonly #following: Promise<void>;
  #news: Deferred = deferred();

  constructor(backend: Backend) {
    this.#following = this.#follow(backend);
  }

  /**
   * The first event, past ones included, that is what is wanted.
   * @throws after 30 s, with what was seen instead
   */
  async until<T extends Event>(wanted: (event: Event) => event is T): Promise<T> {
    const deadline = AbortSignal.timeout(30_000);
    const late = aborted(deadline);
    for (;;) {
      const found = this.seen.find(wanted);
      if (found !== undefined) return found;
      if (deadline.aborted) throw new Error(`not seen in 30 s; seen: ${JSON.stringify(this.seen)}`);
      await Promise.race([this.#news.promise, late]);
    }
  }

  /** The first status of an attempt that has one of the phases. */
  phase(ref: AttemptRef, ...phases: readonly AttemptStatus['phase'][]): Promise<AttemptStatus> {
    return this.until((event): event is AttemptStatus => isOf(event, ref) && phases.includes(event.phase));
  }

  synced(): Promise<'synced'> {
    return this.until((event) => event === 'synced');
  }

  /** Resolves when the events have ended after they were asked to. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#following;
  }

  async #follow(backend: Backend): Promise<void> {
    try {
      for await (const event of backend.events({ signal: this.#abort.signal })) {
        this.seen.push(event);
        const { resolve } = this.#news;
        this.#news = deferred();
        resolve();
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }
}

/** Whether an event is about an attempt. */
export function isOf(event: Event, ref: AttemptRef): event is AttemptStatus {
  return event !== 'synced' && event.ref.container === ref.container && event.ref.attempt === ref.attempt;
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function deferred(): Deferred {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
