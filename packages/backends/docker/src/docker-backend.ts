import type { Backend, BackendCapabilities, LaunchOptions } from '@boatload/backend';
import type {
  AttemptOrder,
  AttemptRef,
  AttemptStatus,
  CallOptions,
  PrepareOptions,
  Satellite,
  StopOptions,
} from '@boatload/contract';

export interface DockerBackendOptions {
  /** The agent of the one node. It stays its maker's to close. */
  readonly satellite: Satellite;
}

/** Schedules every container on one Docker Engine, through that node's satellite. */
export function createDockerBackend({ satellite }: DockerBackendOptions): Backend {
  return new DockerBackend(satellite);
}

class DockerBackend implements Backend {
  readonly name = 'docker';
  readonly capabilities: BackendCapabilities = {
    ports: false,
    links: false,
    gpus: false,
    placement: false,
    keep: false,
  };
  readonly #satellite: Satellite;

  constructor(satellite: Satellite) {
    this.#satellite = satellite;
  }

  async launch(order: AttemptOrder, { signal, report }: LaunchOptions = {}): Promise<AttemptStatus> {
    const { node } = this.#satellite;
    const call: CallOptions = signal === undefined ? {} : { signal };
    const preparation: PrepareOptions = {
      ...call,
      onProgress: (progress) => report?.({ phase: 'staging', node, progress }),
    };
    report?.({ phase: 'staging', node });
    await this.#satellite.prepare(order, preparation);
    report?.({ phase: 'starting', node });
    return await this.#satellite.start(order.ref, call);
  }

  stop(ref: AttemptRef, options?: StopOptions): Promise<void> {
    return this.#satellite.stop(ref, options);
  }

  remove(ref: AttemptRef, options?: CallOptions): Promise<void> {
    return this.#satellite.remove(ref, options);
  }

  status(ref: AttemptRef, options?: CallOptions): Promise<AttemptStatus> {
    return this.#satellite.status(ref, options);
  }

  events(options?: CallOptions): AsyncIterable<AttemptStatus | 'synced'> {
    return this.#satellite.events(options);
  }

  async satelliteOf(ref: AttemptRef, options?: CallOptions): Promise<Satellite | undefined> {
    const { phase } = await this.#satellite.status(ref, options);
    return phase === 'absent' ? undefined : this.#satellite;
  }

  // Nothing of its own is open: containers go on, and the satellite belongs to whoever made it.
  async [Symbol.asyncDispose](): Promise<void> {}
}
