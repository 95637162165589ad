import { BoatLoadError, type CacheCollection, type CacheEntry, type Node } from '@boatload/contract';
import type { ApiClient } from '../../api-client.ts';

/** What one node keeps. */
export interface NodeCache {
  readonly node: string;
  /** Bytes that it may take, where that is known. */
  readonly quota: number | null;
  /** The last used first. */
  readonly entries: readonly CacheEntry[];
}

/** What nodes answered, by name of the node, and why others did not: one that is silent must not hide the others. */
export interface NodeAnswers<T> {
  readonly answers: readonly T[];
  readonly faults: readonly BoatLoadError[];
}

export interface AskOptions {
  /** Name of the one node that is meant. Default: all of them. */
  readonly only?: string | undefined;
  /** Seconds that a node may take. Default: 15 to tell what it keeps, 120 to remove it. */
  readonly patience?: number;
}

/**
 * What the nodes keep.
 * @throws node_not_found, forbidden; where no node answers, what the first said
 */
export function readCaches(client: ApiClient, options: AskOptions = {}): Promise<NodeAnswers<NodeCache>> {
  return askNodes(client, { patience: 15, ...options }, async ({ node, cache_quota: quota }, signal) => {
    const entries = await client.json<readonly CacheEntry[]>(`${cachePath(node)}/`, { signal });
    return { node, quota, entries };
  });
}

export function removeEntry(client: ApiClient, { node, id }: Pick<CacheEntry, 'node' | 'id'>): Promise<void> {
  return client.delete(`${cachePath(node)}/${encodeURIComponent(id)}/`);
}

/**
 * Removes everything that is not in use and was not for so many seconds.
 * @throws node_not_found, forbidden; where no node answers, what the first said
 */
export function collectCaches(
  client: ApiClient,
  { unusedForSeconds, ...options }: AskOptions & { readonly unusedForSeconds: number },
): Promise<NodeAnswers<CacheCollection>> {
  return askNodes(client, { patience: 120, ...options }, ({ node }, signal) =>
    client.post<CacheCollection>(`${cachePath(node)}/gc`, { unused_for: unusedForSeconds }, { signal }),
  );
}

/** Throws what went wrong, if anything did, as one error. */
export function failOf(faults: readonly BoatLoadError[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new BoatLoadError(first.code, faults.map(({ message }) => message).join('\n'), { cause: first });
}

/** What is wrong with the caller or the service, not with one node. */
const commonFaults: ReadonlySet<string> = new Set(['forbidden', 'not_authenticated', 'shutting_down']);

async function askNodes<T>(
  client: ApiClient,
  { only, patience }: AskOptions & { readonly patience: number },
  ask: (node: Node, signal: AbortSignal) => Promise<T>,
): Promise<NodeAnswers<T>> {
  const answers: T[] = [];
  const faults: BoatLoadError[] = [];
  const askOne = async (node: Node): Promise<() => void> => {
    const late = AbortSignal.timeout(patience * 1_000);
    try {
      const answer = await ask(node, late);
      return () => answers.push(answer);
    } catch (cause) {
      const fault = late.aborted ? lateFault(node, patience, cause) : faultOf(node, cause);
      return () => faults.push(fault);
    }
  };
  const nodes = await findNodes(client, only);
  for (const keep of await Promise.all(nodes.map(askOne))) keep();
  if (answers.length === 0) failOf(faults);
  return { answers, faults };
}

function lateFault({ node }: Node, patience: number, cause: unknown): BoatLoadError {
  return new BoatLoadError('timed_out', `The node ${node} has not answered for ${patience} seconds.`, { cause });
}

function faultOf({ node }: Node, cause: unknown): BoatLoadError {
  if (!(cause instanceof BoatLoadError) || commonFaults.has(cause.code)) throw cause;
  return new BoatLoadError(cause.code, `The node ${node} cannot do it: ${cause.message}`, { cause });
}

async function findNodes(client: ApiClient, only: string | undefined): Promise<readonly Node[]> {
  if (only === undefined) return client.json<readonly Node[]>('/v1/node/');
  return [await client.json<Node>(`/v1/node/${encodeURIComponent(only)}/`)];
}

function cachePath(node: string): string {
  return `/v1/node/${encodeURIComponent(node)}/cache`;
}
