/** Tasks and bytes that are under way at the same time. */
const mostTasks = 16;
const mostBytes = 8 * 1_048_576;

/**
 * Runs small pieces of work several at a time, under names, while their source goes on. The first failure stops
 * what comes after it.
 */
export class TaskPool {
  readonly #running = new Map<string, Promise<void>>();
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;

  /**
   * Starts the task when there is room, and returns without waiting for its end.
   * @throws what an earlier task threw
   */
  async add(name: string, bytes: number, task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= mostTasks || (this.#bytes + bytes > mostBytes && this.#running.size > 0)) {
      await Promise.race(this.#running.values());
    }
    this.#rethrow();
    this.#bytes += bytes;
    this.#running.set(name, this.#run(name, bytes, task));
  }

  /** Whether a task of that name is under way. */
  has(name: string): boolean {
    return this.#running.has(name);
  }

  /** Waits for the end of all. @throws what a task threw */
  async drain(): Promise<void> {
    await this.settle();
    this.#rethrow();
  }

  /** Waits for the end of all, however they end. */
  async settle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #run(name: string, bytes: number, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#bytes -= bytes;
      this.#running.delete(name);
    }
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
