import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '@boatload/backend';
import type { BackendHarness, OrderChanges } from '@boatload/backend/conformance';
import { type AttemptOrder, type AttemptRef, type BlobSource, BoatLoadError, type Satellite } from '@boatload/contract';
import {
  connectEngine,
  type Engine,
  engineOptionsFromEnvironment,
  listContainers,
  listVolumes,
  removeContainer,
  removeVolume,
} from '@boatload/engine';
import { createFetcher } from '@boatload/fetch';
import { createLocalSatellite } from '@boatload/satellite';
import { createDockerBackend } from '../../src/index.ts';

const noUploads: BlobSource = {
  // biome-ignore lint/correctness/useYield: there is never anything to give.
  async *open(digest) {
    throw new BoatLoadError('file_not_found', `There is no upload ${digest}.`);
  },
};

/** The backend over a satellite of its own on the real Engine. */
export class DockerNode implements BackendHarness {
  readonly backend: Backend;
  readonly #engine: Engine;
  readonly #satellite: Satellite;
  readonly #stateDir: string;
  readonly #labels: Readonly<Record<string, string>>;

  private constructor(engine: Engine, satellite: Satellite, place: { stateDir: string; instance: string }) {
    this.backend = createDockerBackend({ satellite });
    this.#engine = engine;
    this.#satellite = satellite;
    this.#stateDir = place.stateDir;
    this.#labels = { 'io.boatload.instance': place.instance };
  }

  static async open(): Promise<DockerNode> {
    const stateDir = await mkdtemp(join(tmpdir(), 'boatload-backend-'));
    const instance = `test-${randomBytes(6).toString('hex')}`;
    const engine = connectEngine(engineOptionsFromEnvironment(process.env));
    const fetcher = createFetcher({});
    const place = { node: 'test-node', engine, stateDir, instance, blobs: noUploads };
    const satellite = await createLocalSatellite({ ...place, fetcher });
    return new DockerNode(engine, satellite, { stateDir, instance });
  }

  order(command: string, changes: OrderChanges = {}): AttemptOrder {
    return {
      ref: { container: randomBytes(16).toString('hex'), attempt: 1 },
      image: 'boatload/sample:latest',
      pull: 'never',
      entrypoint: ['/bin/sh', '-c'],
      args: [command],
      env: {},
      labels: {},
      restartAlways: false,
      ...changes,
    };
  }

  async leftovers(ref: AttemptRef): Promise<readonly string[]> {
    const labels = { ...this.#labels, 'io.boatload.container': ref.container };
    const containers = await listContainers(this.#engine, labels);
    const volumes = await listVolumes(this.#engine, labels);
    const attempts = await readdir(join(this.#stateDir, 'attempts'));
    return [
      ...containers.map(({ id }) => `container ${id}`),
      ...volumes.map(({ name }) => `volume ${name}`),
      ...attempts.filter((name) => name.startsWith(ref.container)).map((name) => `state ${name}`),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend[Symbol.asyncDispose]();
    await this.#satellite[Symbol.asyncDispose]();
    for (const { id } of await listContainers(this.#engine, this.#labels)) await removeContainer(this.#engine, id);
    for (const { name } of await listVolumes(this.#engine, this.#labels)) await removeVolume(this.#engine, name);
    this.#engine.close();
    await rm(this.#stateDir, { recursive: true, force: true });
  }
}
