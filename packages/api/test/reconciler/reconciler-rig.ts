import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Backend } from '@boatload/backend';
import { createDockerBackend } from '@boatload/backend-docker';
import type { AttemptRef, Progress, Satellite } from '@boatload/contract';
import {
  connectEngine,
  type Engine,
  engineOptionsFromEnvironment,
  listContainers,
  listVolumes,
  removeContainer,
  removeVolume,
} from '@boatload/engine';
import { createFetcher, type FetcherOptions } from '@boatload/fetch';
import { createLocalSatellite } from '@boatload/satellite';
import { BlobStore } from '../../src/blobs/blob-store.ts';
import { defaultLimits } from '../../src/config.ts';
import { Reconciler } from '../../src/reconciler/reconciler.ts';
import { Backends } from '../../src/services/backends.ts';
import { SourceFetcher } from '../../src/services/source-fetcher.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { StoredContainer, Submission } from '../../src/store/records.ts';
import type { Store } from '../../src/store/store.ts';
import { newContainer, plainSubmission } from '../store/sample-container.ts';

/** The service without its HTTP side, from opening to closing. */
export interface Service {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly satellite: Satellite;
  readonly backend: Backend;
  readonly reconciler: Reconciler;
  /** What was logged, in order. */
  readonly logged: { readonly fields: object; readonly message: string }[];
  /** How far stagings were, in order. */
  readonly told: { readonly id: string; readonly progress: Progress | undefined }[];
  close(): Promise<void>;
}

export interface ServiceOptions {
  /** Default: the Engine that the environment names. */
  readonly dockerHost?: string;
  /** Default: servers of this machine may be asked, once. */
  readonly fetching?: FetcherOptions;
}

const once: FetcherOptions = { policy: { allow: ['127.0.0.0/8'] }, limits: { retries: 0 } };

/** A data folder and an installation on the real Engine, on which services follow one another. */
export class ReconcilerRig implements AsyncDisposable {
  readonly #dir: string;
  readonly #engine: Engine = connectEngine(engineOptionsFromEnvironment(process.env));
  readonly #instance = `test-${randomBytes(6).toString('hex')}`;
  readonly #opened: Service[] = [];

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async open(): Promise<ReconcilerRig> {
    return new ReconcilerRig(await mkdtemp(join(tmpdir(), 'boatload-reconciler-')));
  }

  get engine(): Engine {
    return this.#engine;
  }

  get #labels(): Readonly<Record<string, string>> {
    return { 'io.boatload.instance': this.#instance };
  }

  /** Starts the service on what the one before left. */
  async start({ dockerHost, fetching = once }: ServiceOptions = {}): Promise<Service> {
    const store = await openStore({ file: join(this.#dir, 'boatload.db') });
    const blobs = await BlobStore.open({ dir: join(this.#dir, 'blobs'), references: store.blobs });
    const options = engineOptionsFromEnvironment(process.env);
    const engine = connectEngine(dockerHost === undefined ? options : { ...options, host: dockerHost });
    const fetcher = createFetcher(fetching);
    const satellite = await createLocalSatellite({
      node: 'test-node',
      engine,
      stateDir: join(this.#dir, 'satellite'),
      instance: this.#instance,
      blobs,
      fetcher,
    });
    const backend = createDockerBackend({ satellite });
    const logged: Service['logged'] = [];
    const keep = (fields: object, message: string) => void logged.push({ fields, message });
    const log = { info: keep, warn: keep, error: keep };
    const sources = new SourceFetcher({ fetcher, blobs, containers: store.containers, limits: defaultLimits });
    const told: Service['told'] = [];
    const onProgress = ({ id }: StoredContainer, progress?: Progress) => void told.push({ id, progress });
    const reconciler = new Reconciler({ store, blobs, sources, backends: new Backends(backend), onProgress, log });
    const close = async () => {
      await reconciler.close();
      await backend[Symbol.asyncDispose]();
      await satellite[Symbol.asyncDispose]();
      await fetcher[Symbol.asyncDispose]();
      engine.close();
      await store.close();
    };
    const service = { store, blobs, satellite, backend, reconciler, logged, told, close };
    this.#opened.push(service);
    reconciler.start();
    return service;
  }

  /** Names of all files that uploads and what was fetched are kept in. */
  async blobFiles(): Promise<readonly string[]> {
    const entries = await readdir(join(this.#dir, 'blobs'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  /** What is on the Engine of this installation. */
  async leftovers(): Promise<readonly string[]> {
    const containers = await listContainers(this.#engine, this.#labels);
    const volumes = await listVolumes(this.#engine, this.#labels);
    return [...containers.map(({ id }) => `container ${id}`), ...volumes.map(({ name }) => `volume ${name}`)];
  }

  /** Removes the real container of an attempt as somebody else would. */
  async removeBehindOurBack({ container, attempt }: AttemptRef): Promise<void> {
    const labels = { ...this.#labels, 'io.boatload.container': container, 'io.boatload.attempt': String(attempt) };
    for (const { id } of await listContainers(this.#engine, labels)) await removeContainer(this.#engine, id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#opened) await service.close();
    for (const { id } of await listContainers(this.#engine, this.#labels)) await removeContainer(this.#engine, id);
    for (const { name } of await listVolumes(this.#engine, this.#labels)) await removeVolume(this.#engine, name);
    this.#engine.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** Submits a command line for `sh -c` and wakes the reconciler, as a request would. */
export async function submit(
  { store, reconciler }: Service,
  command: string,
  changes: Partial<Submission> = {},
): Promise<string> {
  const shell = { entrypoint: ['/bin/sh', '-c'], args: [command] };
  const submission = { ...plainSubmission, ...shell, ...changes };
  const { container } = await store.containers.submit(newContainer({ submission, at: new Date().toISOString() }));
  reconciler.wake(container.id);
  return container.id;
}

/** Marks a container for removal, and resolves when it is gone. */
export async function remove({ store, reconciler }: Service, id: string, graceSeconds = 0): Promise<void> {
  await store.containers.markRemoving(id, graceSeconds);
  await reconciler.removed(id);
}

/**
 * The container once it is as wanted.
 * @throws after 40 s, with what it is instead
 */
export async function until(
  { store }: Service,
  id: string,
  isWanted: (container: StoredContainer) => boolean,
): Promise<StoredContainer> {
  const deadline = Date.now() + 40_000;
  for (;;) {
    const container = await store.containers.find(id);
    if (container !== undefined && isWanted(container)) return container;
    if (Date.now() > deadline) throw new Error(`not as wanted after 40 s: ${JSON.stringify(container)}`);
    await delay(20);
  }
}

export function untilState(service: Service, id: string, state: StoredContainer['state']): Promise<StoredContainer> {
  return until(service, id, (container) => container.state === state);
}

/** What an attempt wrote. */
export async function outputOf({ satellite }: Service, id: string, attempt = 1): Promise<string> {
  const pieces: Uint8Array[] = [];
  const query = { streams: { stdout: true, stderr: true } };
  for await (const { data } of satellite.logs({ container: id, attempt }, query)) pieces.push(data);
  return Buffer.concat(pieces).toString();
}
