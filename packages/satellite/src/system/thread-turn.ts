import { setImmediate } from 'node:timers/promises';

/** Milliseconds. */
const longestTurn = 4;

/** Lets others have the main thread while something makes many short calls that keep it. */
export class ThreadTurn {
  #since = performance.now();

  /** Whether others should have the thread now: then `pass` is to be awaited. */
  get isOver(): boolean {
    return performance.now() - this.#since > longestTurn;
  }

  async pass(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
