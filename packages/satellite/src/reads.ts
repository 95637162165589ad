import type {
  AttemptRef,
  ByteRange,
  DirectoryEntry,
  FileChange,
  FileStat,
  LogQuery,
  LogRecord,
  Metrics,
} from '@boatload/contract';
import { BoatLoadError, encodePath, idleMetrics } from '@boatload/contract';
import { tarEnd } from '@boatload/engine';
import { listChanges } from './changes/list-changes.ts';
import { streamArchive } from './files/archive-changes.ts';
import { listDirectory } from './files/list-directory.ts';
import { readFile } from './files/read-file.ts';
import { statPath } from './files/stat-path.ts';
import type { SatelliteContext } from './lifecycle/context.ts';
import { readLogs } from './logs/read-logs.ts';
import { readMetrics } from './metrics/read-metrics.ts';
import { isPrepared, type ReadTarget } from './state/attempt-record.ts';

/** Reading from attempts, by reference: what is not there yet is empty. */
export class AttemptReads {
  readonly #context: SatelliteContext;

  constructor(context: SatelliteContext) {
    this.#context = context;
  }

  /** Where to read an attempt; undefined as long as it has no container. */
  async target(ref: AttemptRef): Promise<ReadTarget | undefined> {
    const record = await this.#context.store.read(ref);
    if (!isPrepared(record)) return undefined;
    const { containerId, mounts, injected } = record;
    const baselineFile = mounts.length === 0 ? undefined : this.#context.store.baselineFile(ref);
    return { containerId, mounts, injected, baselineFile };
  }

  async *logs(ref: AttemptRef, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogRecord, void, undefined> {
    const target = await this.target(ref);
    if (target !== undefined) yield* readLogs(this.#context.engine, target, query, { signal });
  }

  async *changes(ref: AttemptRef, signal: AbortSignal): AsyncGenerator<FileChange, void, undefined> {
    const target = await this.target(ref);
    if (target !== undefined) yield* listChanges(this.#context.engine, target, { signal });
  }

  async stat(ref: AttemptRef, path: Uint8Array, signal: AbortSignal): Promise<FileStat> {
    return await statPath(this.#context.engine, await this.#targetFor(ref, path), path, { signal });
  }

  async *read(
    ref: AttemptRef,
    path: Uint8Array,
    options: { readonly range: ByteRange | undefined; readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    yield* readFile(this.#context.engine, await this.#targetFor(ref, path), path, options);
  }

  async list(ref: AttemptRef, path: Uint8Array, signal: AbortSignal): Promise<readonly DirectoryEntry[]> {
    return await listDirectory(this.#context.engine, await this.#targetFor(ref, path), path, { signal });
  }

  async *archive(ref: AttemptRef, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const target = await this.target(ref);
    if (target === undefined) yield tarEnd;
    else yield* streamArchive(this.#context.engine, target, { signal });
  }

  async metrics(ref: AttemptRef, signal: AbortSignal): Promise<Metrics> {
    const target = await this.target(ref);
    return target === undefined ? idleMetrics() : await readMetrics(this.#context.engine, target, { signal });
  }

  async #targetFor(ref: AttemptRef, path: Uint8Array): Promise<ReadTarget> {
    const target = await this.target(ref);
    if (target !== undefined) return target;
    throw new BoatLoadError(
      'file_not_found',
      `There is no ${encodePath(path).path} yet: the container of this attempt was not made. Ask again once it runs.`,
    );
  }
}
