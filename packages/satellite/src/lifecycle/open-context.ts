import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { openDataCache } from '../cache/open-data-cache.ts';
import { ImageFacts } from '../image/image-facts.ts';
import { ImagePuller } from '../image/image-puller.ts';
import type { LocalSatelliteOptions } from '../local-satellite-options.ts';
import { probeViews } from '../mounts/probe-views.ts';
import { silentLog } from '../satellite-log.ts';
import { defaultLimits } from '../staging/limits.ts';
import { chooseLogDriver } from '../staging/log-driver.ts';
import { type AttemptStore, attemptKey } from '../state/attempt-store.ts';
import { takeTurn } from '../take-turn.ts';
import type { SatelliteContext } from './context.ts';
import { instanceLabels } from './labels.ts';

/** Opens all that the steps of attempts' lives share, beside what the satellite itself keeps. */
export async function openContext(
  options: LocalSatelliteOptions,
  own: Pick<SatelliteContext, 'store' | 'isRemoving' | 'changed'>,
): Promise<SatelliteContext> {
  const { node, instance, engine, blobs, fetcher, stateDir, cacheQuotaBytes, log = silentLog } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const views = options.views === false ? undefined : await probeViews(engine, own.store.temporary, log);
  const cache = await openDataCache({
    node,
    directory: join(stateDir, 'cache'),
    fetcher,
    blobs,
    limits,
    holders: await findHolders(own.store),
    trees: views !== undefined,
    log,
    ...(cacheQuotaBytes === undefined ? {} : { quotaBytes: cacheQuotaBytes }),
  });
  const launches = pLimit(options.launchesAtOnce ?? 4 * availableParallelism());
  return {
    ...own,
    node,
    instance,
    engine,
    blobs,
    cache,
    limits,
    views,
    puller: new ImagePuller(engine),
    facts: new ImageFacts(engine, instanceLabels(instance)),
    logDriver: await chooseLogDriver(engine),
    dataProxy: options.dataProxy,
    log,
    launching: (work, signal) => takeTurn(launches, work, signal),
  };
}

/** What the containers that are there lie above must stay, whatever became of the satellite meanwhile. */
async function findHolders(store: AttemptStore): Promise<ReadonlyMap<string, readonly string[]>> {
  const holders = new Map<string, readonly string[]>();
  for (const ref of await store.list()) {
    const record = await store.read(ref);
    // Records of before there was a cache name none of its entries.
    if (record !== undefined) holders.set(attemptKey(ref), record.cached ?? []);
  }
  return holders;
}
