/**
 * Hands values from one loop to another, one at a time: `give` waits until the reader has asked for the next
 * one, so that neither runs ahead.
 */
export class Handoff<Value> implements AsyncIterable<Value> {
  #waiting: ((result: IteratorResult<Value, undefined>) => void) | undefined;
  #asked: (() => void) | undefined;
  #ended = false;
  #abandoned = false;

  /** Hands a value over; it is dropped if the reader has left. */
  async give(value: Value): Promise<void> {
    while (this.#waiting === undefined && !this.#abandoned) {
      await new Promise<void>((resolve) => {
        this.#asked = resolve;
      });
    }
    const deliver = this.#waiting;
    this.#waiting = undefined;
    deliver?.({ done: false, value });
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** The reader has left: whatever is given from now on is dropped. */
  abandon(): void {
    this.#abandoned = true;
    this.#asked?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<Value, undefined> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<Value, undefined>> {
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#asked?.();
    });
  }
}
