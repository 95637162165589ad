import {
  BoatLoadError,
  type ByteRange,
  type DirectoryEntry,
  type FileChange,
  type FileStat,
  idleMetrics,
  type Metrics,
} from '@boatload/contract';
import type { StoredContainer } from '../../store/records.ts';
import type { Backends } from '../backends.ts';
import { attemptOf, type ReadableAttempt, readableAttempt } from './attempts.ts';

export interface ReadOptions {
  /** Default: the last one. */
  readonly attempt?: number;
  readonly signal: AbortSignal;
}

/** Reads what a container did, through the satellite of the node where it is. */
export class ResultService {
  readonly #backends: Backends;

  constructor(backends: Backends) {
    this.#backends = backends;
  }

  /** By path; none before the start. */
  async *changes(container: StoredContainer, options: ReadOptions): AsyncGenerator<FileChange> {
    const readable = await this.#readable(container, options);
    if (readable !== undefined) yield* readable.satellite.changes(readable.ref, { signal: options.signal });
  }

  /** The changed regular files, in the order of `changes`. */
  async *changedFiles(container: StoredContainer, options: ReadOptions): AsyncGenerator<FileChange> {
    for await (const change of this.changes(container, options)) {
      if (change.type === 'file') yield change;
    }
  }

  /** An uncompressed tar; an empty one before the start. */
  async *archive(container: StoredContainer, options: ReadOptions): AsyncGenerator<Uint8Array> {
    const readable = await this.#readable(container, options);
    if (readable === undefined) yield new Uint8Array(emptyTarBytes);
    else yield* readable.satellite.archive(readable.ref, { signal: options.signal });
  }

  /** @throws file_not_found, also before the start */
  async stat(container: StoredContainer, path: Uint8Array, options: ReadOptions): Promise<FileStat> {
    const { satellite, ref } = await this.#started(container, options);
    return satellite.stat(ref, path, { signal: options.signal });
  }

  /** @throws file_not_found, not_a_file */
  async *read(
    container: StoredContainer,
    path: Uint8Array,
    { range, ...options }: ReadOptions & { readonly range?: ByteRange },
  ): AsyncGenerator<Uint8Array> {
    const { satellite, ref } = await this.#started(container, options);
    const { signal } = options;
    yield* satellite.read(ref, path, { signal, ...(range === undefined ? {} : { range }) });
  }

  /** @throws file_not_found, not_a_file */
  async list(container: StoredContainer, path: Uint8Array, options: ReadOptions): Promise<readonly DirectoryEntry[]> {
    const { satellite, ref } = await this.#started(container, options);
    return satellite.list(ref, path, { signal: options.signal });
  }

  /** All zero before the start and after the end. */
  async metrics(container: StoredContainer, options: ReadOptions): Promise<Metrics> {
    const readable = await this.#readable(container, options);
    if (readable === undefined) return idleMetrics();
    return readable.satellite.metrics(readable.ref, { signal: options.signal });
  }

  #readable(
    container: StoredContainer,
    { attempt: number, signal }: ReadOptions,
  ): Promise<ReadableAttempt | undefined> {
    return readableAttempt(this.#backends.of(container), container, { attempt: attemptOf(container, number), signal });
  }

  async #started(container: StoredContainer, options: ReadOptions): Promise<ReadableAttempt> {
    const readable = await this.#readable(container, options);
    if (readable !== undefined) return readable;
    throw new BoatLoadError(
      'file_not_found',
      `The container has no files yet: it is ${container.state} and was not started. Try again once it runs.`,
    );
  }
}

/** Two blocks of zeros: how a tar ends. */
const emptyTarBytes = 1_024;
