import { setTimeout as delay } from 'node:timers/promises';
import type { Backend } from '@boatload/backend';
import { type AttemptRef, type AttemptStatus, BoatLoadError, finalStates, type Progress } from '@boatload/contract';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Backends } from '../services/backends.ts';
import type { SourceFetcher } from '../services/source-fetcher.ts';
import { Slots } from '../slots.ts';
import type { Store } from '../store/store.ts';
import { isLateNews } from './plan.ts';
import { RemovalWaits } from './removal-waits.ts';
import { type ReconcilerLog, Worker, type WorkerOptions } from './worker.ts';

export interface ReconcilerOptions {
  readonly store: Pick<Store, 'containers'>;
  readonly blobs: Pick<BlobStore, 'discard'>;
  readonly backends: Backends;
  /** Fetches what nodes cannot reach. */
  readonly sources: Pick<SourceFetcher, 'complete'>;
  /** Told how far a staging is; undefined when it is over. Default: nobody is told. */
  readonly onProgress?: WorkerOptions['onProgress'];
  readonly log: ReconcilerLog;
}

// Satellites cap what they do at once themselves; this only bounds what waits there.
const launchesAtOnce = 512;
const patience = { toFinish: 1_500, toAbort: 1_000 };
const pauseBeforeListening = 1_000;

/** Brings every container from what is to what was asked for, and keeps what happens on the way. */
export class Reconciler implements AsyncDisposable {
  readonly #options: ReconcilerOptions;
  readonly #workers = new Map<string, Worker>();
  readonly #removals = new RemovalWaits();
  readonly #launches = new Slots(launchesAtOnce);
  readonly #closing = new AbortController();
  readonly #listening: Promise<void>[] = [];
  #closed: Promise<void> | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /**
   * Begins to listen to the backends. Each open container is worked on as soon as its backend has told what it
   * has; one that is new may be woken before.
   */
  start(): void {
    for (const backend of this.#options.backends) this.#listening.push(this.#listen(backend));
  }

  /** Makes a container be looked at: call it once something about it was committed. */
  wake(id: string): void {
    if (!this.#closing.signal.aborted) this.#workerOf(id).wake();
  }

  /**
   * Resolves when nothing is left of a container that was marked for removal; at once when there is none.
   * @throws shutting_down when the service ends before; the next start goes on with it
   */
  async removed(id: string): Promise<void> {
    const removal = this.#removals.wait(id);
    if (this.#closing.signal.aborted) this.#removals.failAll(shuttingDown());
    else if ((await this.#options.store.containers.find(id)) === undefined) this.#removals.resolve(id);
    else this.wake(id);
    await removal;
  }

  /** How far the staging of a container is; undefined while nothing of it is staged. */
  progress(id: string): Progress | undefined {
    return this.#workers.get(id)?.progress;
  }

  /** Stops within 3 s and leaves running containers alone: the next start finds them. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#removals.failAll(shuttingDown());
    const workers = [...this.#workers.values()];
    for (const worker of workers) worker.close();
    const settled = Promise.all([...workers.map((worker) => worker.settled()), ...this.#listening]);
    if (await isWithin(settled, patience.toFinish)) return;
    for (const worker of workers) worker.abort();
    await isWithin(settled, patience.toAbort);
  }

  #workerOf(id: string): Worker {
    const known = this.#workers.get(id);
    if (known !== undefined) return known;
    const worker = new Worker({
      id,
      log: this.#options.log,
      load: (container) => this.#load(container),
      onProgress: (container, progress) => this.#options.onProgress?.(container, progress),
      onEnd: () => this.#workers.delete(id),
    });
    this.#workers.set(id, worker);
    return worker;
  }

  async #load(id: string): ReturnType<WorkerOptions['load']> {
    const { store, blobs, backends, sources } = this.#options;
    const container = await store.containers.find(id);
    if (container === undefined) {
      this.#removals.resolve(id);
      return undefined;
    }
    const backend = backends.of(container);
    return { container, backend, blobs, sources, containers: store.containers, launches: this.#launches };
  }

  async #listen(backend: Backend): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#follow(backend);
      } catch (err) {
        if (signal.aborted) return;
        this.#options.log.warn({ err, backend: backend.name }, 'events of the backend ended, listening again');
      }
      await delay(pauseBeforeListening, undefined, { signal }).catch(() => undefined);
    }
  }

  async #follow(backend: Backend): Promise<void> {
    let told = new Set<string>();
    for await (const event of backend.events({ signal: this.#closing.signal })) {
      if (event === 'synced') {
        await this.#resume(told);
        told = new Set();
      } else {
        told.add(keyOf(event.ref));
        await this.#take(backend, event);
      }
    }
  }

  /** Works on all open containers; those that the backend didn't name are looked for. */
  async #resume(told: ReadonlySet<string>): Promise<void> {
    for (const id of await this.#options.store.containers.open()) {
      const worker = this.#workerOf(id);
      worker.forgetUnless((ref) => told.has(keyOf(ref)));
      worker.forgetOutage();
      worker.wake();
    }
  }

  async #take(backend: Backend, status: AttemptStatus): Promise<void> {
    const { container: id } = status.ref;
    const container = await this.#options.store.containers.find(id);
    if (container === undefined) {
      if (status.phase !== 'absent') void this.#removeOrphan(backend, status);
      return;
    }
    // Most of what a node has is long over: nothing would be planned for it.
    if (finalStates.has(container.state) && !isLateNews(container, status)) return;
    const worker = this.#workerOf(id);
    worker.observe(status);
    worker.wake();
  }

  /** A container is committed before it is launched, so what the store doesn't know belongs to nobody. */
  async #removeOrphan(backend: Backend, { ref }: AttemptStatus): Promise<void> {
    const { log, store } = this.#options;
    try {
      if ((await store.containers.find(ref.container)) !== undefined) return;
      await backend.remove(ref, { signal: this.#closing.signal });
      log.info({ ...ref, backend: backend.name }, 'removed what no container owns');
    } catch (err) {
      if (!this.#closing.signal.aborted) log.warn({ err, ...ref }, 'what no container owns could not be removed');
    }
  }
}

function keyOf({ container, attempt }: AttemptRef): string {
  return `${container}-${attempt}`;
}

async function isWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const result = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return result;
}

function shuttingDown(): BoatLoadError {
  return new BoatLoadError('shutting_down', 'The service is stopping; it goes on with this when it starts again.');
}
