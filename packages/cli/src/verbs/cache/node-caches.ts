import type { CacheCollection, CacheEntry, Node } from '@boatload/contract';
import type { ApiClient } from '../../api-client.ts';

/** What one node keeps. */
export interface NodeCache {
  readonly node: string;
  /** Bytes that it may take, where that is known. */
  readonly quota: number | null;
  /** The last used first. */
  readonly entries: readonly CacheEntry[];
}

/**
 * What the nodes keep, by name of the node.
 * @param only name of the one node that is meant; undefined: all of them
 * @throws node_not_found, forbidden
 */
export async function readCaches(client: ApiClient, only: string | undefined): Promise<readonly NodeCache[]> {
  const nodes = await findNodes(client, only);
  return Promise.all(
    nodes.map(async ({ node, cache_quota: quota }) => ({
      node,
      quota,
      entries: await client.json<readonly CacheEntry[]>(`${cachePath(node)}/`),
    })),
  );
}

export function removeEntry(client: ApiClient, { node, id }: Pick<CacheEntry, 'node' | 'id'>): Promise<void> {
  return client.delete(`${cachePath(node)}/${encodeURIComponent(id)}/`);
}

/** Removes everything that is not in use and was not for so many seconds, node by node. */
export async function collectCaches(
  client: ApiClient,
  { only, unusedForSeconds }: { readonly only: string | undefined; readonly unusedForSeconds: number },
): Promise<readonly CacheEntry[]> {
  const nodes = await findNodes(client, only);
  const answers = await Promise.all(
    nodes.map(({ node }) => client.post<CacheCollection>(`${cachePath(node)}/gc`, { unused_for: unusedForSeconds })),
  );
  return answers.flatMap(({ removed }) => removed);
}

async function findNodes(client: ApiClient, only: string | undefined): Promise<readonly Node[]> {
  if (only === undefined) return client.json<readonly Node[]>('/v1/node/');
  return [await client.json<Node>(`/v1/node/${encodeURIComponent(only)}/`)];
}

function cachePath(node: string): string {
  return `/v1/node/${encodeURIComponent(node)}/cache`;
}
