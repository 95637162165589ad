import type { AttemptOrder } from '@boatload/contract';

/** The proxy through which containers are told to fetch. */
export interface DataProxy {
  /**
   * As containers reach it: `http://data-proxy:3128`. The host `data-proxy` is, in every container, the machine that
   * it runs on, so that one URL names each node's own proxy; it needs Engine 20.10. Any other host is left as it is.
   */
  readonly url: string;
  /** Hosts that are reached without it, separated by commas, beside the container itself. Default: none. */
  readonly noProxy?: string;
}

export interface ProxyPlan {
  readonly env: Readonly<Record<string, string>>;
  /** As the Engine's ExtraHosts. */
  readonly extraHosts: readonly string[];
}

const ownHost = 'data-proxy';

/** The container's own addresses: through the proxy they would be those of another machine. */
const itself = ['localhost', '127.0.0.1', '::1'] as const;

/**
 * Programs read these names, some of them small and some in capitals. HTTP_PROXY is not among them: a program that
 * answers requests as CGI is given a visitor's header under this name, and everything that minds that reads the
 * small name only.
 */
const spellings = {
  http_proxy: ['http_proxy'],
  https_proxy: ['https_proxy', 'HTTPS_PROXY'],
  no_proxy: ['no_proxy', 'NO_PROXY'],
} as const;

/** What a container is told of the proxy; nothing if it doesn't want it, or there is none. */
export function planProxy(
  { dataProxy, env }: Pick<AttemptOrder, 'dataProxy' | 'env'>,
  proxy: DataProxy | undefined,
): ProxyPlan {
  if (dataProxy !== true || proxy === undefined) return { env: {}, extraHosts: [] };
  const values = { http_proxy: proxy.url, https_proxy: proxy.url, no_proxy: listDirect(proxy) };
  return { env: spell(values, env), extraHosts: hostsFor(proxy.url) };
}

/** A name that the user has set, in either case, is the user's in both: else it would depend on the program which counts. */
function spell(values: Readonly<Record<keyof typeof spellings, string>>, env: AttemptOrder['env']): ProxyPlan['env'] {
  const taken = new Set(Object.keys(env).map((name) => name.toLowerCase()));
  const free = (['http_proxy', 'https_proxy', 'no_proxy'] as const).filter((name) => !taken.has(name));
  return Object.fromEntries(free.flatMap((name) => spellings[name].map((spelling) => [spelling, values[name]])));
}

function listDirect({ noProxy = '' }: DataProxy): string {
  const given = noProxy.split(',').map((host) => host.trim());
  return [...new Set([...itself, ...given])].filter((host) => host !== '').join(',');
}

function hostsFor(url: string): readonly string[] {
  return URL.canParse(url) && new URL(url).hostname === ownHost ? [`${ownHost}:host-gateway`] : [];
}
