import type { BlobSource } from '@boatload/contract';
import type { Fetcher } from '@boatload/fetch';
import type { SatelliteLog } from '../satellite-log.ts';
import type { StagingLimits } from '../staging/limits.ts';
import { loadLibC } from '../system/libc.ts';
import { type CacheParts, Contents } from './contents.ts';
import { Durability, readBootId } from './durability.ts';
import { Entries } from './entries.ts';
import { EntryFiles } from './entry-files.ts';
import { LocalDataCache } from './local-data-cache.ts';
import type { DataCache } from './port.ts';
import { Quota } from './quota.ts';
import { Trees } from './trees.ts';
import { UrlRecords } from './url-records.ts';

export interface DataCacheOptions {
  /** The node's name. */
  readonly node: string;
  /** Absolute path; made if needed, readable by its owner only, and nobody else's. */
  readonly directory: string;
  readonly fetcher: Fetcher;
  readonly blobs: BlobSource;
  readonly limits: StagingLimits;
  /** Bytes on the disk. Default half of the disk that the directory is on. */
  readonly quotaBytes?: number;
  /** The entries that attempts use, by what the attempts' records say. */
  readonly holders: ReadonlyMap<string, readonly string[]>;
  /** Whether trees are wanted: then an archive goes once it was unpacked, so that the disk holds data once. */
  readonly trees: boolean;
  readonly log: SatelliteLog;
  /** Tells the time in milliseconds since 1970. Default: the system's clock. */
  readonly clock?: () => number;
}

/**
 * Opens the cache of a node. What an earlier process left half-made is removed, and so is what nobody uses any
 * more of what was to go with its containers.
 */
export async function openDataCache(options: DataCacheOptions): Promise<DataCache> {
  const { node, directory, fetcher, blobs, limits, quotaBytes, holders, log, clock = Date.now } = options;
  const files = await EntryFiles.open(directory, log);
  const urls = new UrlRecords(files, log);
  const onGone = (sha256: string): void => urls.forgetContent(sha256);
  const entries = new Entries({ files, dropsUnpacked: options.trees, onGone, log, clock });
  const boot = await readBootId();
  const durability = new Durability({ files, entries, libc: await loadLibC(), log });
  await takeUp({ files, entries, durability, boot, log });
  holdAll(entries, holders, log);
  await Promise.all(entries.all.filter((entry) => entries.isSpent(entry)).map((entry) => entries.drop(entry)));
  await urls.load((sha256) => entries.ofContent(sha256).length > 0);
  const quota = new Quota(quotaBytes ?? Math.floor((await files.diskBytes()) / 2), entries, files);
  const parts: CacheParts = { files, entries, urls, quota, durability, fetcher, blobs, boot };
  return new LocalDataCache({ node, parts, contents: new Contents(parts), trees: new Trees(parts, limits), clock });
}

async function takeUp({
  files,
  entries,
  durability,
  boot,
  log,
}: Pick<CacheParts, 'files' | 'entries' | 'durability' | 'boot'> & { readonly log: SatelliteLog }): Promise<void> {
  for await (const { facts, lastUsed } of files.readAll()) {
    if (facts.synced || (boot !== '' && facts.boot === boot)) {
      durability.add(entries.adopt(facts, lastUsed));
      continue;
    }
    log.warn({ entry: facts.id }, 'an entry of the cache may have lost content with the power and is removed');
    await files.bury(facts.id);
  }
}

function holdAll(entries: Entries, holders: DataCacheOptions['holders'], log: SatelliteLog): void {
  for (const [holder, ids] of holders) {
    for (const id of ids) {
      const entry = entries.byId(id);
      if (entry === undefined) log.warn({ holder, entry: id }, 'an attempt uses an entry that the cache has lost');
      else entry.holders.add(holder);
    }
  }
}
