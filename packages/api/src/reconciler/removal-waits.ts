interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Who waits for which container to be gone. */
export class RemovalWaits {
  readonly #waiters = new Map<string, Waiter[]>();

  /** Resolves or fails when its container, or all waiting, does. A failure that nobody awaits is no fault. */
  wait(id: string): Promise<void> {
    const wait = new Promise<void>((resolve, reject) => {
      this.#waiters.set(id, [...(this.#waiters.get(id) ?? []), { resolve, reject }]);
    });
    wait.catch(() => undefined);
    return wait;
  }

  resolve(id: string): void {
    for (const { resolve } of this.#waiters.get(id) ?? []) resolve();
    this.#waiters.delete(id);
  }

  failAll(error: Error): void {
    for (const { reject } of [...this.#waiters.values()].flat()) reject(error);
    this.#waiters.clear();
  }
}
