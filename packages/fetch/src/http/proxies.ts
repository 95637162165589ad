import { BoatLoadError } from '@boatload/contract';
import type { FetchProxy } from '../fetcher-options.ts';
import { showUrl } from '../shown-url.ts';
import { type NoProxy, parseNoProxy } from './no-proxy.ts';

/** A proxy that requests go through. */
export interface ForwardProxy {
  readonly url: URL;
  /** As it may be shown. */
  readonly name: string;
  /** `proxy-authorization`, if it wants a log-in. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Which proxy an address is reached through. */
export type ProxyChoice = (url: URL) => ForwardProxy | undefined;

/** @throws bad_configuration */
export function chooseProxies(options: FetchProxy): ProxyChoice {
  const proxies: Readonly<Record<string, ForwardProxy | undefined>> = {
    'http:': readProxy(options.http),
    'https:': readProxy(options.https),
  };
  const isExempt: NoProxy = parseNoProxy(options.no ?? '');
  return (url) => (isExempt(url.hostname, portOf(url)) ? undefined : proxies[url.protocol]);
}

export function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}

/** The header value for a log-in that stands in a URL. */
export function basicLogin(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const login = `${decode(url.username)}:${decode(url.password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

function readProxy(text: string | undefined): ForwardProxy | undefined {
  if (text === undefined || text === '') return undefined;
  // What is usual in http_proxy: without a scheme it is http.
  const full = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new BoatLoadError(
      'bad_configuration',
      `«${showUrl(full)}» is not the URL of a proxy: write one such as http://proxy.example.org:3128.`,
    );
  }
  const login = basicLogin(url);
  return { url, name: url.origin, headers: login === undefined ? {} : { 'proxy-authorization': login } };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
