/** Things that must be closed in the reverse of the order in which they were opened. */
export class Lifetime {
  readonly #closers: (() => Promise<void> | void)[] = [];
  #closed: Promise<void> | undefined;

  /** Closes `resource` when the lifetime ends. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(async () => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Calls `close` when the lifetime ends. */
  defer(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  /**
   * Closes everything, also when something fails on the way. Idempotent.
   * @throws AggregateError of what failed
   */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be closed');
  }
}
