import {
  BoatLoadError,
  type CallOptions,
  type Node,
  type NodeDescription,
  type Principal,
  type Satellite,
  type SatelliteCache,
} from '@boatload/contract';

/** How long a node may take to describe itself. */
const describeMs = 10_000;

/** A node that containers are sent to. */
export interface KnownNode {
  readonly satellite: Pick<Satellite, 'node' | 'describe' | 'cache'>;
  /** Bytes that its cache may take. Default: unknown. */
  readonly cacheQuotaBytes?: number;
}

/** The nodes, by name: what everybody may know of them, and their caches, which are their admin's. */
export class Nodes {
  readonly #byName: ReadonlyMap<string, KnownNode>;

  constructor(nodes: readonly KnownNode[]) {
    this.#byName = new Map(nodes.map((each) => [each.satellite.node, each]));
  }

  /** Every node, by name; one that does not answer too, with the reason. */
  async list(options: CallOptions = {}): Promise<readonly Node[]> {
    const names = [...this.#byName.keys()].toSorted();
    return await Promise.all(names.map((name) => this.find(name, options)));
  }

  /** @throws node_not_found */
  async find(name: string, options: CallOptions = {}): Promise<Node> {
    const { satellite, cacheQuotaBytes = null } = this.#known(name);
    const late = AbortSignal.timeout(describeMs);
    const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal]);
    try {
      return { ...renderNode(await satellite.describe({ signal })), cache_quota: cacheQuotaBytes };
    } catch (error) {
      options.signal?.throwIfAborted();
      const silent = { cpus: null, memory: null, engine: null };
      return { node: name, ...silent, cache_quota: cacheQuotaBytes, reason: describeSilence(error, late) };
    }
  }

  /**
   * What a node keeps.
   * @throws forbidden for who is no admin, since it tells what others use; node_not_found
   */
  cacheOf(name: string, principal: Principal): SatelliteCache {
    if (!principal.admin) {
      throw new BoatLoadError('forbidden', 'Only an admin may see and change what a node keeps: log in as one.');
    }
    return this.#known(name).satellite.cache;
  }

  #known(name: string): KnownNode {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
    throw new BoatLoadError('node_not_found', `There is no node "${shown}": GET /v1/node/ lists those that there are.`);
  }
}

function renderNode({ node, cpus, memory, engine }: NodeDescription): Omit<Node, 'cache_quota'> {
  const { name, version, storageDriver: storage_driver } = engine;
  return { node, cpus, memory, engine: { name, version, storage_driver }, reason: null };
}

function describeSilence(error: unknown, late: AbortSignal): string {
  if (late.aborted) return `It has not answered for ${describeMs / 1_000} seconds.`;
  if (error instanceof BoatLoadError) return error.message;
  throw error;
}
