import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createDockerBackend } from '@boatload/backend-docker';
import { BoatLoadError } from '@boatload/contract';
import { connectEngine, describeEngine, type Engine, engineOptionsFromEnvironment } from '@boatload/engine';
import { createFetcher, type Fetcher } from '@boatload/fetch';
import { createLocalSatellite } from '@boatload/satellite';
import type { FastifyBaseLogger } from 'fastify';
import { BlobStore } from './blobs/blob-store.ts';
import { defaultCacheQuota, type ServiceConfig } from './config.ts';
import type { Lifetime } from './lifetime.ts';
import { Backends } from './services/backends.ts';
import { resolveCacheQuota } from './services/cache-quota.ts';
import { Nodes } from './services/nodes.ts';
import type { Store } from './store/store.ts';

/** How long the Engine may take to answer at the start. */
const engineMs = 15_000;

/** The one place that knows concrete backends and the embedded satellite. */
export interface Composition {
  readonly backends: Backends;
  readonly blobs: BlobStore;
  readonly engine: Engine;
  /** Fetches for nodes that cannot, by the same policy. */
  readonly fetcher: Fetcher;
  readonly nodes: Nodes;
}

/** Puts backend, satellite and Engine together as configured. */
export async function compose(
  config: ServiceConfig,
  store: Store,
  { lifetime, log }: { readonly lifetime: Lifetime; readonly log: FastifyBaseLogger },
): Promise<Composition> {
  const blobs = await BlobStore.open({ dir: join(config.dataDir, 'blobs'), references: store.blobs });
  const engine = lifetime.use(connectEngine(engineOptionsFromEnvironment(process.env, config.dockerHost)));
  await requireEngine(engine);
  const fetcher = lifetime.use(createFetcher(config.fetch ?? {}));
  const cacheQuotaBytes = await resolveCacheQuota(config.cacheQuota ?? defaultCacheQuota, config.dataDir);
  const satellite = lifetime.use(
    await createLocalSatellite({
      node: hostname(),
      engine,
      stateDir: join(config.dataDir, 'satellite'),
      instance: await instanceOf(store),
      blobs,
      fetcher,
      cacheQuotaBytes,
      views: config.views ?? true,
      ...(config.dataProxy === undefined ? {} : { dataProxy: config.dataProxy }),
      limits: { dataBytes: config.limits.dataBytes, scriptBytes: config.limits.scriptBytes },
      log,
    }),
  );
  const nodes = new Nodes([{ satellite, cacheQuotaBytes }]);
  return { backends: new Backends(lifetime.use(createDockerBackend({ satellite }))), blobs, engine, fetcher, nodes };
}

/**
 * An Engine that goes away later is waited for; one that isn't there at the start is most often named wrongly.
 * @throws engine_unavailable
 */
async function requireEngine(engine: Engine): Promise<void> {
  const signal = AbortSignal.timeout(engineMs);
  await describeEngine(engine, { signal }).catch((cause: unknown) => {
    if (!signal.aborted) throw cause;
    const text = `The Docker Engine has not answered for ${engineMs / 1_000} seconds: restart it, or name another one with --docker-host or DOCKER_HOST.`;
    throw new BoatLoadError('engine_unavailable', text, { cause });
  });
}

/** Marks what is ours on an Engine that others use too. */
async function instanceOf(store: Store): Promise<string> {
  const known = await store.settings.get('instance');
  if (known !== undefined) return known;
  const made = randomUUID();
  await store.settings.set('instance', made);
  return made;
}
