import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptOrder, AttemptRef, BlobSource, Satellite, Source } from '@boatload/contract';
import { BoatLoadError } from '@boatload/contract';
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
import type { OrderChanges } from '../../src/conformance/index.ts';
import { createLocalSatellite, type LocalSatelliteOptions } from '../../src/index.ts';

export const sampleImage = 'boatload/sample:latest';

/** A node for tests: the real Engine, a state directory, an installation of its own, and uploads in memory. */
export class EngineRig implements AsyncDisposable {
  readonly engine: Engine;
  readonly instance = `test-${randomBytes(6).toString('hex')}`;
  readonly stateDir: string;
  readonly #uploads = new Map<string, Uint8Array>();
  readonly #satellites: Satellite[] = [];

  private constructor(stateDir: string) {
    this.stateDir = stateDir;
    this.engine = connectEngine(engineOptionsFromEnvironment(process.env));
  }

  static async open(): Promise<EngineRig> {
    return new EngineRig(await mkdtemp(join(tmpdir(), 'boatload-satellite-')));
  }

  /** A satellite of this node: one at a time, as in real life, or again after a crash of the one before. */
  async satellite(options: Partial<LocalSatelliteOptions> = {}): Promise<Satellite> {
    const satellite = await createLocalSatellite({
      node: 'test-node',
      engine: this.engine,
      stateDir: this.stateDir,
      instance: this.instance,
      blobs: this.blobs,
      fetcher: createFetcher({ policy: { allow: ['127.0.0.0/8'] } }),
      ...options,
    });
    this.#satellites.push(satellite);
    return satellite;
  }

  order(changes: OrderChanges = {}): AttemptOrder {
    return {
      ref: { container: randomBytes(16).toString('hex'), attempt: 1 },
      image: sampleImage,
      pull: 'never',
      args: [],
      env: {},
      labels: {},
      restartAlways: false,
      ...changes,
    };
  }

  upload(content: Uint8Array | string): Source {
    const bytes = Buffer.from(content);
    const digest = createHash('sha256').update(bytes).digest('hex');
    this.#uploads.set(digest, bytes);
    return { kind: 'blob', digest, size: bytes.length };
  }

  get blobs(): BlobSource {
    const uploads = this.#uploads;
    return {
      async *open(digest) {
        const bytes = uploads.get(digest);
        if (bytes === undefined) throw new BoatLoadError('file_not_found', `There is no upload ${digest}.`);
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
      },
    };
  }

  /** Labels of all that this rig's satellites make. */
  get labels(): Readonly<Record<string, string>> {
    return { 'io.boatload.instance': this.instance };
  }

  async leftovers(ref: AttemptRef): Promise<readonly string[]> {
    const labels = { ...this.labels, 'io.boatload.container': ref.container };
    const containers = await listContainers(this.engine, labels);
    const volumes = await listVolumes(this.engine, labels);
    const attempts = await readdir(join(this.stateDir, 'attempts'));
    const temporary = await readdir(join(this.stateDir, 'tmp'));
    return [
      ...containers.map(({ id }) => `container ${id}`),
      ...volumes.map(({ name }) => `volume ${name}`),
      ...attempts.filter((name) => name.startsWith(ref.container)).map((name) => `state ${name}`),
      ...temporary.map((name) => `temporary ${name}`),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const satellite of this.#satellites) await satellite[Symbol.asyncDispose]();
    for (const { id } of await listContainers(this.engine, this.labels)) await removeContainer(this.engine, id);
    for (const { name } of await listVolumes(this.engine, this.labels)) await removeVolume(this.engine, name);
    this.engine.close();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}
