import type { AttemptPhase, AttemptRef, AttemptStatus, Satellite } from '@boatload/contract';

type Event = AttemptStatus | 'synced';

/** Milliseconds that a check waits for what it wants to see. */
const patience = 30_000;

/** Follows a satellite's events from the moment it is made, and lets checks wait for what they want to see. */
export class EventWatch implements AsyncDisposable {
  readonly seen: Event[] = [];
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(satellite: Satellite) {
    this.#following = this.#follow(satellite);
    this.#following.catch(() => undefined);
  }

  /** The first event from the `from`-th on that is wanted. @throws after 30 s, with what was seen instead */
  until(wanted: (event: Event) => boolean, from = 0): Promise<Event> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.seen.slice(from).find(wanted);
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`not seen in time; seen: ${JSON.stringify(this.seen.slice(from))}`));
      }, patience);
      this.#waiting.add(look);
      look();
    });
  }

  /** The first status of an attempt in a phase, and more that is wanted of it. */
  async phase(ref: AttemptRef, phase: AttemptPhase, also: (status: AttemptStatus) => boolean = () => true) {
    const isWanted = (event: Event): boolean => isOf(event, ref) && event.phase === phase && also(event);
    const found = await this.until(isWanted);
    if (found === 'synced') throw new Error('unreachable: a status was looked for');
    return found;
  }

  async synced(from = 0): Promise<void> {
    await this.until((event) => event === 'synced', from);
  }

  /** Fulfilled when the events have ended after they were asked to. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(satellite: Satellite): Promise<void> {
    for await (const event of satellite.events({ signal: this.#stop.signal })) {
      this.seen.push(event);
      for (const look of [...this.#waiting]) look();
    }
  }
}

/** Whether an event is about an attempt. */
export function isOf(event: Event, ref: AttemptRef): event is AttemptStatus {
  return event !== 'synced' && event.ref.container === ref.container && event.ref.attempt === ref.attempt;
}
