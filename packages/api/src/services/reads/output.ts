import { BoatLoadError, finalStates, type LogQuery, type LogRecord } from '@boatload/contract';
import type { StoredAttempt, StoredContainer } from '../../store/records.ts';
import type { ContainerStore } from '../../store/store.ts';
import type { Backends } from '../backends.ts';
import type { ContainerWatch } from '../watch.ts';
import { attemptOf, readableAttempt } from './attempts.ts';

export interface OutputQuery extends LogQuery {
  /** Only this attempt. Default: the last one, and with `follow` those that come after it. */
  readonly attempt?: number;
  /** Where several attempts are followed: the first of them. Default: the last one that there is. */
  readonly from?: number;
}

/** A piece of output, with the attempt that wrote it. */
export interface OutputRecord extends LogRecord {
  readonly attempt: number;
}

export interface OutputParts {
  readonly backends: Backends;
  readonly containers: Pick<ContainerStore, 'find'>;
  readonly watch: ContainerWatch;
}

/** Reads what a container wrote to stdout and stderr. */
export class OutputService {
  readonly #parts: OutputParts;

  constructor(parts: OutputParts) {
    this.#parts = parts;
  }

  /**
   * Output in the order in which it was written. With `follow` it waits for the start, and ends when the
   * container has come to its end (or, where one attempt is asked for, when that has).
   */
  async *read(container: StoredContainer, query: OutputQuery, signal: AbortSignal): AsyncGenerator<OutputRecord> {
    if (query.follow !== true) {
      yield* this.#readAttempt(container, attemptOf(container, query.attempt), query, signal);
      return;
    }
    let number = attemptOf(container, query.attempt ?? query.from).attempt;
    for (;;) {
      const started = await this.#awaitStart(container.id, number, signal);
      if (started === undefined) return;
      yield* this.#readAttempt(started, attemptOf(started, number), query, signal);
      if (query.attempt !== undefined || !(await this.#hasNext(container.id, number, signal))) return;
      number += 1;
    }
  }

  async *#readAttempt(
    container: StoredContainer,
    attempt: StoredAttempt,
    query: OutputQuery,
    signal: AbortSignal,
  ): AsyncGenerator<OutputRecord> {
    const readable = await readableAttempt(this.#parts.backends.of(container), container, { attempt, signal });
    if (readable === undefined) return;
    const { satellite, ref, since, until } = readable;
    const window: LogQuery = {
      ...query,
      ...(since === undefined ? {} : { since: later(since, query.since) }),
      ...(until === undefined ? {} : { until: earlier(until, query.until) }),
    };
    for await (const record of satellite.logs(ref, window, { signal })) yield { ...record, attempt: attempt.attempt };
  }

  /** The container once an attempt was started; undefined when it never will be. */
  #awaitStart(id: string, number: number, signal: AbortSignal): Promise<StoredContainer | undefined> {
    return this.#awaitChange(id, signal, (container) => {
      const attempt = container.attempts.find((each) => each.attempt === number);
      if (attempt !== undefined && attempt.started_at !== null) return container;
      return attempt !== undefined && finalStates.has(attempt.state) ? undefined : 'wait';
    });
  }

  /** Whether another attempt follows one that has ended. */
  async #hasNext(id: string, number: number, signal: AbortSignal): Promise<boolean> {
    const next = await this.#awaitChange(id, signal, (container) => {
      if (container.attempts.some((each) => each.attempt === number + 1)) return container;
      return finalStates.has(container.state) ? undefined : 'wait';
    });
    return next !== undefined;
  }

  async #awaitChange(
    id: string,
    signal: AbortSignal,
    look: (container: StoredContainer) => StoredContainer | undefined | 'wait',
  ): Promise<StoredContainer | undefined> {
    for (;;) {
      const given = new AbortController();
      const changed = this.#parts.watch.next(id, AbortSignal.any([signal, given.signal]));
      changed.catch(() => undefined);
      const container = await this.#parts.containers.find(id);
      if (container === undefined || container.state === 'removing') {
        given.abort();
        throw new BoatLoadError('container_not_found', 'The container was deleted while its output was read.');
      }
      const seen = look(container);
      if (seen !== 'wait') {
        given.abort();
        return seen;
      }
      await changed;
    }
  }
}

function later(a: string, b: string | undefined): string {
  return b !== undefined && isBefore(a, b) ? b : a;
}

function earlier(a: string, b: string | undefined): string {
  return b !== undefined && isBefore(b, a) ? b : a;
}

/** Of two times in UTC: without their Z, text is in the order of time, whatever fractions it has. */
function isBefore(a: string, b: string): boolean {
  return a.replace('Z', '') < b.replace('Z', '');
}
