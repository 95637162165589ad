import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { FetchRules } from '../policy/fetch-rules.ts';
import { bareHost } from '../policy/ip-address.ts';
import { portOf } from './proxies.ts';

/**
 * Checks what can be known of an address that a proxy will connect to: where its name leads from here. A name that
 * only the proxy can look up is left to the proxy's own rules.
 * @throws fetch_refused
 */
export async function checkBehindProxy(
  url: URL,
  context: { readonly rules: FetchRules; readonly lookup: LookupFunction },
): Promise<void> {
  const host = bareHost(url.hostname);
  if (isIP(host) !== 0) return;
  for (const { address } of await lookUp(host, context.lookup)) {
    context.rules.checkAddress(host, address, portOf(url));
  }
}

function lookUp(host: string, lookup: LookupFunction): Promise<readonly LookupAddress[]> {
  return new Promise((resolve) => {
    lookup(host, { all: true }, (error, answer, family) => {
      if (error !== null) resolve([]);
      else resolve(typeof answer === 'string' ? [{ address: answer, family: family ?? 4 }] : answer);
    });
  });
}
