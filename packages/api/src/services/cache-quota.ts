import { statfs } from 'node:fs/promises';
import type { CacheQuota } from '../config.ts';

/**
 * A quota in bytes.
 * @param directory lies on the file system that a share is meant of
 */
export async function resolveCacheQuota(quota: CacheQuota, directory: string): Promise<number> {
  if ('bytes' in quota) return quota.bytes;
  const { blocks, bsize } = await statfs(directory);
  return Math.floor(blocks * bsize * quota.share);
}
