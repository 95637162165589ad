import type { IncomingHttpHeaders } from 'node:http';
import type { LookupFunction } from 'node:net';
import { BoatLoadError } from '@boatload/contract';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { FetchLimits } from '../fetcher-options.ts';
import type { FetchRules } from '../policy/fetch-rules.ts';
import { showUrl } from '../shown-url.ts';
import { TryFault } from '../try-fault.ts';
import { checkBehindProxy, type ProxyCheck } from './check-behind-proxy.ts';
import { guardedConnector } from './guarded-connector.ts';
import { basicLogin, type ForwardProxy, type ProxyChoice, portOf } from './proxies.ts';
import { firstOf, isProxysOwn, proxyRefusal } from './status-faults.ts';
import { tunnelConnector } from './tunnel-connector.ts';

export interface HttpContext {
  readonly rules: FetchRules;
  readonly proxyFor: ProxyChoice;
  readonly lookup: LookupFunction;
  readonly limits: FetchLimits;
  readonly ca?: readonly string[];
}

/** One answer on the way to the content. */
export interface Hop {
  /** Without log-in and fragment. */
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** The last answer of a walk, and the way to it (itself included). */
export interface Arrival extends Hop {
  readonly hops: readonly Hop[];
  readonly body: Dispatcher.ResponseData['body'];
  /** What broke the connection, if it is broken. */
  brokenBy(): Error | undefined;
  close(): Promise<void>;
}

export interface Walk {
  readonly url: string;
  /** What is sent to a URL of the way, beside what always is. */
  readonly headersFor: (url: string) => Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const mostRedirects = 5;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What every request says; it tells nothing of who asks. */
export const usualHeaders = { 'accept-encoding': 'identity', accept: '*/*', 'user-agent': 'BoatLoad' } as const;

/** Asks for a URL and follows redirects; each hop must be allowed by the rules. */
export async function walk(way: Walk, context: HttpContext): Promise<Arrival> {
  const hops: Hop[] = [];
  // A log-in goes to the origin that it was written for, and to no other.
  const logins = new Map<string, string>();
  let current = parseHop(way.url, way.url);
  for (let count = 0; count <= mostRedirects; count += 1) {
    const login = basicLogin(current);
    if (login !== undefined) logins.set(current.origin, login);
    const arrival = await ask(withoutLogin(current), { way, context, login: logins.get(current.origin) });
    hops.push({ url: arrival.url, status: arrival.status, headers: arrival.headers });
    const location = firstOf(arrival.headers.location);
    if (!redirects.has(arrival.status) || location === undefined) return { ...arrival, hops };
    await arrival.close();
    current = parseHop(location, current.href);
  }
  throw new BoatLoadError(
    'fetch_failed',
    `${showUrl(way.url)} redirects more than ${mostRedirects} times: give the final URL.`,
  );
}

function parseHop(location: string, base: string): URL {
  if (!URL.canParse(location, base)) {
    throw new BoatLoadError('fetch_failed', `${showUrl(base)} leads to what is not a URL: give the final URL.`);
  }
  const url = new URL(location, base);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new BoatLoadError(
    'fetch_refused',
    `${showUrl(base)} leads to a ${url.protocol} address: a redirect may lead to http and https only.`,
  );
}

function withoutLogin(url: URL): URL {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  plain.hash = '';
  return plain;
}

interface Asking {
  readonly way: Walk;
  readonly context: HttpContext;
  readonly login: string | undefined;
}

async function ask(url: URL, { way, context, login }: Asking): Promise<Omit<Arrival, 'hops'>> {
  context.rules.checkHost(url.hostname, portOf(url));
  const proxy = context.proxyFor(url);
  if (proxy !== undefined) await checkBehindProxy(url, checkOf(context, way.signal));
  const agent = openAgent(url, { proxy, context, signal: way.signal });
  let broken: Error | undefined;
  agent.on('disconnect', (_origin, _targets, error) => {
    broken = error;
  });
  try {
    const { statusCode, headers, body } = await agent.request({
      ...targetOf(url, proxy),
      method: 'GET',
      headers: headersOf(url, { proxy, extra: way.headersFor(url.href), login }),
      ...(way.signal === undefined ? {} : { signal: way.signal }),
    });
    if (proxy !== undefined && isProxysOwn(statusCode, headers)) throw proxyRefusal(proxy.name, statusCode, headers);
    return { url: url.href, status: statusCode, headers, body, brokenBy: () => broken, close: () => agent.destroy() };
  } catch (error) {
    await agent.destroy();
    throw proxy === undefined ? error : throughProxy(proxy, error);
  }
}

function checkOf({ rules, lookup, limits }: HttpContext, signal: AbortSignal | undefined): ProxyCheck {
  return { rules, lookup, connectMs: limits.connectMs, ...(signal === undefined ? {} : { signal }) };
}

/** http goes to a proxy with its whole URL, https through a tunnel. */
function targetOf(url: URL, proxy: ForwardProxy | undefined): { readonly origin: string; readonly path: string } {
  if (proxy === undefined || url.protocol === 'https:') return { origin: url.origin, path: url.pathname + url.search };
  return { origin: proxy.url.origin, path: url.href };
}

interface Sending {
  readonly proxy: ForwardProxy | undefined;
  readonly extra: Readonly<Record<string, string>>;
  readonly login: string | undefined;
}

function headersOf(url: URL, { proxy, extra, login }: Sending): Record<string, string> {
  const forProxy = proxy === undefined || url.protocol === 'https:' ? {} : { host: url.host, ...proxy.headers };
  return { ...usualHeaders, ...extra, ...forProxy, ...(login === undefined ? {} : { authorization: login }) };
}

interface Route {
  readonly proxy: ForwardProxy | undefined;
  readonly context: HttpContext;
  readonly signal: AbortSignal | undefined;
}

/** Connections for one request, so that nothing of it is left when it is over. */
function openAgent(url: URL, { proxy, context, signal }: Route): Agent {
  const { connectMs, idleMs } = context.limits;
  const options = {
    rules: context.rules,
    lookup: context.lookup,
    connectMs,
    ...(context.ca === undefined ? {} : { ca: context.ca }),
    ...(signal === undefined ? {} : { signal }),
  };
  const connect =
    proxy === undefined
      ? guardedConnector(options)
      : url.protocol === 'https:'
        ? tunnelConnector(proxy, options)
        : buildConnector({ timeout: connectMs, ...(context.ca === undefined ? {} : { ca: [...context.ca] }) });
  // That a body stands still is noticed by its reader.
  return new Agent({ connect, headersTimeout: idleMs, bodyTimeout: 0, pipelining: 1 });
}

const unreachable: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A proxy that cannot be reached is the operator's matter, and no fault of the URL. */
function throughProxy(proxy: ForwardProxy, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!unreachable.has(code)) return error;
  return new TryFault(`the proxy ${proxy.name} cannot be reached (${code})`, { cause: error });
}
