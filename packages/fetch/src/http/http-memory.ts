import { createHash } from 'node:crypto';
import CachePolicy from 'http-cache-semantics';
import type { FetchMemory } from '../port.ts';
import { firstOf } from './status-faults.ts';
import { type Hop, usualHeaders } from './walk.ts';

/** What is remembered of an answer over HTTP. It holds no URL, because URLs may hold secrets. */
export interface HttpMemory {
  /** Names the URL of the content, after all redirects. */
  readonly at: string;
  /** How long each answer on the way may be used, the content's last; null for what must not be kept. */
  readonly ways: readonly (CachePolicy.CachePolicyObject | null)[];
  readonly etag?: string;
  readonly lastModified?: string;
}

const told = ['age', 'cache-control', 'date', 'etag', 'expires', 'last-modified', 'pragma', 'vary'] as const;
// Only what the server says is fresh is fresh; the memory is one URL's with its log-in, so not shared.
const semantics = { shared: false, cacheHeuristic: 0 } as const;
const asked = { method: 'GET', url: '', headers: { ...usualHeaders } };

/** What may be remembered of content that came this way; undefined if nothing may. */
export function rememberHops(hops: readonly Hop[]): FetchMemory | undefined {
  const last = hops.at(-1);
  if (last === undefined) return undefined;
  const ways = hops.map(rememberHop);
  if (ways.at(-1) === null) return undefined;
  return { http: memoryOf(last, ways) };
}

/** What is remembered once the server said that content is still the same. */
export function renewMemory(memory: FetchMemory, known: HttpMemory, hops: readonly Hop[]): FetchMemory {
  const last = hops.at(-1);
  const old = known.ways.at(-1);
  if (last === undefined || old === undefined || old === null) return memory;
  const answer = { status: 304, headers: toldBy(last) };
  const renewed = CachePolicy.fromObject(old).revalidatedPolicy(asked, answer).policy.toObject();
  const ways = [...hops.slice(0, -1).map(rememberHop), renewed];
  // What was confirmed is what was asked for, whatever validators the answer has.
  return { ...memory, http: { ...memoryOf(last, ways), ...known, ways } };
}

/** Reads what an earlier fetch remembered; undefined if it is not of HTTP or cannot be read. */
export function readHttpMemory(memory: FetchMemory | undefined): HttpMemory | undefined {
  const known = memory?.http;
  return isHttpMemory(known) ? known : undefined;
}

export function isFreshOverHttp(memory: FetchMemory): boolean {
  const ways = readHttpMemory(memory)?.ways ?? [];
  return ways.length > 0 && ways.every((way) => way !== null && isFreshWay(way));
}

/** The headers that ask whether content is still the same, if it is this URL's. */
export function conditionalHeaders(url: string, known: HttpMemory | undefined): Readonly<Record<string, string>> {
  if (known === undefined || known.at !== nameOf(url)) return {};
  return {
    ...(known.etag === undefined ? {} : { 'if-none-match': known.etag }),
    ...(known.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified }),
  };
}

function memoryOf(last: Hop, ways: HttpMemory['ways']): HttpMemory {
  const etag = firstOf(last.headers.etag);
  const lastModified = firstOf(last.headers['last-modified']);
  return {
    at: nameOf(last.url),
    ways,
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

function rememberHop(hop: Hop): CachePolicy.CachePolicyObject | null {
  // Parts of content are remembered like the whole of it, which is what will be there in the end.
  const status = hop.status === 206 ? 200 : hop.status;
  const policy = new CachePolicy(asked, { status, headers: toldBy(hop) }, semantics);
  return policy.storable() ? policy.toObject() : null;
}

function toldBy(hop: Hop): Record<string, string> {
  const pairs = told.map((name) => [name, [hop.headers[name] ?? []].flat().join(', ')] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== ''));
}

function isFreshWay(way: CachePolicy.CachePolicyObject): boolean {
  try {
    return CachePolicy.fromObject(way).satisfiesWithoutRevalidation(asked);
  } catch {
    return false;
  }
}

function nameOf(url: string): string {
  return createHash('sha256').update(url).digest('base64url');
}

function isHttpMemory(value: unknown): value is HttpMemory {
  return typeof value === 'object' && value !== null && 'at' in value && 'ways' in value && Array.isArray(value.ways);
}
