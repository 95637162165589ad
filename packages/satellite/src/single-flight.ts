import type { CallOptions } from '@boatload/contract';
import { watchAbort } from './take-turn.ts';

export interface FlightWait<Value, Progress> extends CallOptions {
  /** Done once for all who wait; its signal is aborted when nobody waits any more. */
  readonly work: (signal: AbortSignal, report: (progress: Progress) => void) => Promise<Value>;
  /** Told what the work reports from now on, and at once what it reported last. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called with the value at the moment it is there, before it can be released. */
  readonly take?: (value: Value) => void;
}

interface Flight<Value, Progress> {
  readonly waits: Set<FlightWait<Value, Progress>>;
  readonly stop: AbortController;
  readonly done: Promise<Value>;
  /** What was reported last. */
  progress: Progress | undefined;
}

/**
 * Work that several want at the same moment is done once, and for as long as one of them waits. A failure
 * reaches all; whoever comes after it begins anew.
 */
export class SingleFlight<Value, Progress> {
  readonly #flights = new Map<string, Flight<Value, Progress>>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #release: (value: Value) => void;
  /** Aborted when there is to be no more work. */
  readonly #ended = new AbortController();

  /** `release` is called with each value once nobody waits for it, also when the last left before it was there. */
  constructor(release: (value: Value) => void = () => undefined) {
    this.#release = release;
  }

  /** Joins the work under a key, or begins it. */
  async run(key: string, wait: FlightWait<Value, Progress>): Promise<Value> {
    wait.signal?.throwIfAborted();
    this.#ended.signal.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#begin(key, wait.work);
    flight.waits.add(wait);
    const aborted = watchAbort(wait.signal);
    try {
      if (flight.progress !== undefined) wait.onProgress?.(flight.progress);
      const value = await Promise.race([flight.done, aborted.promise]);
      wait.take?.(value);
      return value;
    } finally {
      aborted.release();
      this.#leave(key, flight, wait);
    }
  }

  /** Ends all work for good: who waits for it, or asks for more, gets `reason`. Fulfilled when nothing runs any more. */
  async abort(reason: unknown): Promise<void> {
    this.#ended.abort(reason);
    for (const { stop } of this.#flights.values()) stop.abort(reason);
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #begin(key: string, work: FlightWait<Value, Progress>['work']): Flight<Value, Progress> {
    const stop = new AbortController();
    const waits = new Set<FlightWait<Value, Progress>>();
    const report = (progress: Progress): void => {
      flight.progress = progress;
      for (const { onProgress } of waits) onProgress?.(progress);
    };
    // Begun a moment later, so that its first report finds the flight.
    const done = Promise.resolve().then(() => work(stop.signal, report));
    const flight: Flight<Value, Progress> = { waits, stop, done, progress: undefined };
    this.#flights.set(key, flight);
    this.#running.add(done);
    done
      .catch(() => undefined)
      .finally(() => {
        this.#running.delete(done);
        this.#forget(key, flight);
      });
    return flight;
  }

  #leave(key: string, flight: Flight<Value, Progress>, wait: FlightWait<Value, Progress>): void {
    flight.waits.delete(wait);
    if (flight.waits.size > 0) return;
    // Whoever joins after the last one left must not get the work that was given up.
    this.#forget(key, flight);
    flight.stop.abort();
    flight.done.then(this.#release, () => undefined);
  }

  #forget(key: string, flight: Flight<Value, Progress>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
