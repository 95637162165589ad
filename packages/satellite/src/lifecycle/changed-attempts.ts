import type { AttemptRef, AttemptStatus } from '@boatload/contract';
import { attemptKey } from '../state/attempt-store.ts';

/** What each attempt that changed is now; undefined if nobody needs to hear of it. */
export type StatusLookup = (ref: AttemptRef) => Promise<AttemptStatus | undefined>;

/**
 * Attempts that changed, as a stream of what they are now. A reader that is slow misses steps in between but
 * never the last: at most one status of an attempt is held.
 */
export class ChangedAttempts implements AsyncIterable<AttemptStatus> {
  readonly #lookup: StatusLookup;
  /** Being looked up; true if it changed once more meanwhile. */
  readonly #looking = new Map<string, boolean>();
  readonly #ready = new Map<string, AttemptStatus>();
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(lookup: StatusLookup) {
    this.#lookup = lookup;
  }

  add(ref: AttemptRef): void {
    const key = attemptKey(ref);
    if (this.#looking.has(key)) {
      this.#looking.set(key, true);
      return;
    }
    this.#look(key, ref).catch((error: unknown) => this.fail(error));
  }

  /** Ends the stream with an error, once what is ready was read. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AttemptStatus, void, undefined> {
    for (;;) {
      for (const [key, status] of this.#ready) {
        this.#ready.delete(key);
        yield status;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#ready.size > 0 || this.#failure !== undefined) resolve();
      });
    }
  }

  async #look(key: string, ref: AttemptRef): Promise<void> {
    do {
      this.#looking.set(key, false);
      const status = await this.#lookup(ref);
      if (status !== undefined) this.#ready.set(key, status);
      this.#wake();
    } while (this.#looking.get(key) === true);
    this.#looking.delete(key);
  }
}
