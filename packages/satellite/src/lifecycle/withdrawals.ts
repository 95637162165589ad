import { joinSignals } from '../join-signals.ts';

/** Work on an attempt that has to give way when the attempt is removed. */
export interface Withdrawable {
  /** Aborted by the caller or by the removal. */
  readonly signal: AbortSignal;
  leave(): void;
}

/** Knows what is at work on each attempt, so that a removal need not wait for it. */
export class Withdrawals {
  readonly #stops = new Map<string, Set<AbortController>>();

  /** To be left when the work has ended. */
  enter(key: string, signal: AbortSignal): Withdrawable {
    const stop = new AbortController();
    const stops = this.#stops.get(key) ?? new Set();
    this.#stops.set(key, stops.add(stop));
    const leave = (): void => {
      stops.delete(stop);
      if (stops.size === 0 && this.#stops.get(key) === stops) this.#stops.delete(key);
    };
    return { signal: joinSignals([stop.signal, signal]), leave };
  }

  /** Stops all that is at work on an attempt now. */
  withdraw(key: string, reason: Error): void {
    for (const stop of this.#stops.get(key) ?? []) stop.abort(reason);
  }
}
