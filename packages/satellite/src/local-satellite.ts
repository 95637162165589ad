import { EventEmitter } from 'node:events';
import {
  type AttemptOrder,
  type AttemptRef,
  type AttemptStatus,
  BoatLoadError,
  type ByteRange,
  type CallOptions,
  type DirectoryEntry,
  type FileChange,
  type FileStat,
  type LogQuery,
  type LogRecord,
  type Metrics,
  type NodeDescription,
  type PrepareOptions,
  type Satellite,
  type SatelliteCache,
  type StopOptions,
} from '@boatload/contract';
import { describeEngine, stopContainer } from '@boatload/engine';
import { joinSignals } from './join-signals.ts';
import type { SatelliteContext } from './lifecycle/context.ts';
import { convertSystemFailure } from './lifecycle/convert-failure.ts';
import { KeyedLock } from './lifecycle/keyed-lock.ts';
import { openContext } from './lifecycle/open-context.ts';
import { prepareAttempt } from './lifecycle/prepare.ts';
import { removeAttempt } from './lifecycle/remove.ts';
import { startAttempt } from './lifecycle/start.ts';
import { readStatus } from './lifecycle/status.ts';
import { sweepOrphans, UnfinishedAttempts } from './lifecycle/sweep.ts';
import { watchAttempts } from './lifecycle/watch.ts';
import { Withdrawals } from './lifecycle/withdrawals.ts';
import { limitStall } from './limit-stall.ts';
import type { LocalSatelliteOptions } from './local-satellite-options.ts';
import { AttemptReads } from './reads.ts';
import { AttemptStore, attemptKey } from './state/attempt-store.ts';

/** Opens the satellite of the node on which an Engine runs, in this process. */
export async function createLocalSatellite(options: LocalSatelliteOptions): Promise<Satellite> {
  const store = await AttemptStore.open(options.stateDir);
  const unfinished = await UnfinishedAttempts.find(store);
  const changes = new EventEmitter();
  // One listener for each reader of events, of which there may be many.
  changes.setMaxListeners(0);
  const removing = new Map<string, number>();
  const context = await openContext(options, {
    store,
    isRemoving: (ref) => removing.has(attemptKey(ref)),
    changed: (ref) => changes.emit('changed', ref),
  });
  const satellite = new LocalSatellite(context, { changes, unfinished, removing });
  await satellite.sweep().catch((error: unknown) => {
    context.log.warn({ err: error }, 'what crashes left on the Engine is removed once it answers');
  });
  return satellite;
}

interface SatelliteParts {
  readonly changes: EventEmitter;
  readonly unfinished: UnfinishedAttempts;
  readonly removing: Map<string, number>;
}

class LocalSatellite implements Satellite {
  readonly #context: SatelliteContext;
  readonly #changes: EventEmitter;
  readonly #unfinished: UnfinishedAttempts;
  readonly #reads: AttemptReads;
  readonly #locks = new KeyedLock();
  /** Preparations, and readings for which the Engine keeps the container locked. */
  readonly #withdrawals = new Withdrawals();
  /** How many removals of an attempt are under way. */
  readonly #removing: Map<string, number>;
  readonly #closing = new AbortController();

  constructor(context: SatelliteContext, { changes, unfinished, removing }: SatelliteParts) {
    this.#context = context;
    this.#changes = changes;
    this.#unfinished = unfinished;
    this.#removing = removing;
    this.#reads = new AttemptReads(context);
  }

  get node(): string {
    return this.#context.node;
  }

  get cache(): SatelliteCache {
    return this.#context.cache;
  }

  async describe(options: CallOptions = {}): Promise<NodeDescription> {
    const { cpus, memory, name, version, storageDriver } = await describeEngine(this.#context.engine, options);
    return { node: this.node, cpus, memory, engine: { name, version, storageDriver } };
  }

  async prepare(order: AttemptOrder, options: PrepareOptions = {}): Promise<void> {
    const key = attemptKey(order.ref);
    const { signal, leave } = this.#withdrawals.enter(key, this.#signal(options));
    try {
      await this.#inTurn(key, () => prepareAttempt(this.#context, order, { ...options, signal }), signal);
    } finally {
      leave();
    }
  }

  async start(ref: AttemptRef, options: CallOptions = {}): Promise<AttemptStatus> {
    const signal = this.#signal(options);
    return await this.#inTurn(attemptKey(ref), () => startAttempt(this.#context, ref, signal), signal);
  }

  async stop(ref: AttemptRef, options: StopOptions = {}): Promise<void> {
    const signal = this.#signal(options);
    const target = await this.#reads.target(ref);
    if (target === undefined) return;
    const graceSeconds = options.graceSeconds ?? 10;
    await stopContainer(this.#context.engine, target.containerId, { graceSeconds, signal });
  }

  async remove(ref: AttemptRef, options: CallOptions = {}): Promise<void> {
    const key = attemptKey(ref);
    const signal = this.#signal(options);
    this.#removing.set(key, (this.#removing.get(key) ?? 0) + 1);
    const reason = new BoatLoadError('conflict', `Attempt ${ref.attempt} of ${ref.container} is being removed.`);
    this.#withdrawals.withdraw(key, reason);
    try {
      await this.#inTurn(key, () => removeAttempt(this.#context, ref, signal), signal);
    } finally {
      const left = (this.#removing.get(key) ?? 1) - 1;
      if (left === 0) this.#removing.delete(key);
      else this.#removing.set(key, left);
    }
    this.#context.changed(ref);
  }

  async status(ref: AttemptRef, options: CallOptions = {}): Promise<AttemptStatus> {
    return await readStatus(this.#context, ref, this.#signal(options));
  }

  events(options: CallOptions = {}): AsyncIterable<AttemptStatus | 'synced'> {
    return watchAttempts(this.#context, {
      signal: this.#signal(options),
      sweep: (signal) => this.sweep(signal),
      onChange: (listener) => {
        this.#changes.on('changed', listener);
        return () => this.#changes.off('changed', listener);
      },
    });
  }

  logs(ref: AttemptRef, query: LogQuery, options: CallOptions = {}): AsyncIterable<LogRecord> {
    return this.#reads.logs(ref, query, this.#signal(options));
  }

  changes(ref: AttemptRef, options: CallOptions = {}): AsyncIterable<FileChange> {
    return this.#untilRemoved(ref, options, (signal) => this.#reads.changes(ref, signal));
  }

  async stat(ref: AttemptRef, path: Uint8Array, options: CallOptions = {}): Promise<FileStat> {
    return await this.#reads.stat(ref, path, this.#signal(options));
  }

  read(
    ref: AttemptRef,
    path: Uint8Array,
    options: CallOptions & { readonly range?: ByteRange } = {},
  ): AsyncIterable<Uint8Array> {
    const { range } = options;
    return this.#untilRemoved(ref, options, (signal) => this.#reads.read(ref, path, { range, signal }));
  }

  async list(ref: AttemptRef, path: Uint8Array, options: CallOptions = {}): Promise<readonly DirectoryEntry[]> {
    return await this.#reads.list(ref, path, this.#signal(options));
  }

  archive(ref: AttemptRef, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    return this.#untilRemoved(ref, options, (signal) => this.#reads.archive(ref, signal));
  }

  async metrics(ref: AttemptRef, options: CallOptions = {}): Promise<Metrics> {
    return await this.#reads.metrics(ref, this.#signal(options));
  }

  /** Removes what a killed satellite left on the Engine. */
  async sweep(signal: AbortSignal = this.#signal({})): Promise<void> {
    await this.#unfinished.sweep(this.#context, this.#locks, signal);
    await sweepOrphans(this.#context, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new BoatLoadError('shutting_down', `The satellite of ${this.node} is stopping: try again.`));
    await this.#locks.drain();
    await this.#context.cache[Symbol.asyncDispose]();
  }

  /** A reader may take as long as it likes, but keeps nobody from removing what it reads. */
  async *#untilRemoved<Item>(
    ref: AttemptRef,
    options: CallOptions,
    read: (signal: AbortSignal) => AsyncIterable<Item>,
  ): AsyncGenerator<Item, void, undefined> {
    const { signal, leave } = this.#withdrawals.enter(attemptKey(ref), this.#signal(options));
    try {
      yield* limitStall(read, { signal });
    } finally {
      leave();
    }
  }

  /** One after the other for each attempt; what fails in the node's own system is told in words. */
  async #inTurn<Value>(key: string, work: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    try {
      return await this.#locks.run(key, work, signal);
    } catch (error) {
      throw convertSystemFailure(error);
    }
  }

  #signal(options: CallOptions): AbortSignal {
    const { signal } = options;
    return joinSignals(signal === undefined ? [this.#closing.signal] : [signal, this.#closing.signal]);
  }
}
