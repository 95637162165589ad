import { takeTurn } from '../take-turn.ts';

/** Runs what concerns the same key one after the other, in the order of asking. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** When the signal is aborted before the turn came, the wait is given up. */
  async run<Value>(key: string, work: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    return await takeTurn((turn) => this.#enqueue(key, turn), work, signal);
  }

  /** Fulfilled when nothing runs any more. */
  async drain(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  async #enqueue<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = before.then(work);
    const tail = mine.then(ignore, ignore);
    this.#tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}

function ignore(): void {
  // Its own caller hears of a failure; whoever comes next does not care.
}
