import { rootCertificates } from 'node:tls';
import { BoatLoadError } from '@boatload/contract';
import { fetchWithScheme } from './fetch.ts';
import { defaultLimits, type FetcherOptions, type FetchLimits } from './fetcher-options.ts';
import { systemLookup } from './http/guarded-connector.ts';
import { chooseProxies } from './http/proxies.ts';
import { FetchRules } from './policy/fetch-rules.ts';
import type { Fetcher, FetchMemory, FetchOutcome, FetchRequest } from './port.ts';
import { fileScheme } from './schemes/file-scheme.ts';
import { httpScheme } from './schemes/http-scheme.ts';
import { s3Scheme } from './schemes/s3-scheme.ts';
import type { Scheme } from './schemes/scheme.ts';
import { showUrl } from './shown-url.ts';

/**
 * Makes a fetcher. Disposing it ends the fetches under way with `shutting_down`.
 * @throws bad_configuration
 */
export function createFetcher(options: FetcherOptions): Fetcher {
  const limits = { ...defaultLimits, ...options.limits };
  return new SchemeFetcher(builtInSchemes(options, limits), limits);
}

/** Every kind of URL that is fetched. */
function builtInSchemes(options: FetcherOptions, limits: FetchLimits): readonly Scheme[] {
  const { policy = {}, proxy = {}, lookup = systemLookup, certificates } = options;
  const trust = certificates === undefined ? {} : { ca: [...rootCertificates, ...certificates] };
  const proxyFor = chooseProxies(proxy);
  return [
    httpScheme({ rules: new FetchRules(policy), proxyFor, lookup, limits, ...trust }),
    fileScheme(options.fileRoots ?? []),
    s3Scheme({ options: options.s3 ?? { buckets: [] }, limits, proxyFor, ...trust }),
  ];
}

class SchemeFetcher implements Fetcher {
  readonly #schemes: ReadonlyMap<string, Scheme>;
  readonly #limits: FetchLimits;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(schemes: readonly Scheme[], limits: FetchLimits) {
    this.#schemes = new Map(schemes.flatMap((scheme) => scheme.protocols.map((protocol) => [protocol, scheme])));
    this.#limits = limits;
  }

  async fetch(request: FetchRequest): Promise<FetchOutcome> {
    this.#closing.signal.throwIfAborted();
    const scheme = this.#schemeOf(request.url);
    const { memory, sha256 } = request;
    // Content with the digest that is wanted is there already, whatever its server would say.
    if (memory !== undefined && sha256 !== undefined && memory.sha256 === sha256.toLowerCase()) {
      return { kind: 'unchanged', memory };
    }
    const running = this.#within(request, scheme);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  isFresh(url: string, memory: FetchMemory): boolean {
    return URL.canParse(url) && this.#schemes.get(new URL(url).protocol)?.isFresh(memory) === true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new BoatLoadError('shutting_down', 'The service stops: the fetch goes on at its next start.'));
    await Promise.allSettled(this.#running);
    const schemes = new Set(this.#schemes.values());
    await Promise.allSettled([...schemes].map((scheme) => scheme.close?.()));
  }

  async #within(request: FetchRequest, scheme: Scheme): Promise<FetchOutcome> {
    const { totalSeconds } = this.#limits;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(tooLong(request.url, totalSeconds)), totalSeconds * 1_000);
    const signals = [this.#closing.signal, late.signal, ...(request.signal === undefined ? [] : [request.signal])];
    try {
      return await fetchWithScheme(scheme, request, { limits: this.#limits, signal: AbortSignal.any(signals) });
    } finally {
      clearTimeout(timer);
    }
  }

  #schemeOf(url: string): Scheme {
    if (!URL.canParse(url)) {
      throw new BoatLoadError('fetch_failed', 'What should be fetched is not a URL: write it with its scheme.');
    }
    const { protocol } = new URL(url);
    const scheme = this.#schemes.get(protocol);
    if (scheme !== undefined) return scheme;
    const known = [...this.#schemes.keys()].join(', ');
    throw new BoatLoadError('fetch_refused', `${showUrl(url)} is not fetched: only ${known} URLs are.`);
  }
}

function tooLong(url: string, seconds: number): BoatLoadError {
  return new BoatLoadError(
    'fetch_failed',
    `${showUrl(url)} could not be fetched: it took longer than the limit of ${seconds} seconds.`,
  );
}
