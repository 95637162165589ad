import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { FetchRules } from '../policy/fetch-rules.ts';
import { bareHost } from '../policy/ip-address.ts';
import { portOf } from './proxies.ts';

export interface ProxyCheck {
  readonly rules: FetchRules;
  readonly lookup: LookupFunction;
  /** Milliseconds that a name server may take. */
  readonly connectMs: number;
  readonly signal?: AbortSignal;
}

/** Names of every machine for itself (RFC 6761, 6.3), the proxy's too, whether or not they can be looked up here. */
const ownNames = /(?:^|\.)localhost\.?$/i;

/**
 * Checks what can be known of an address that a proxy will connect to: where its name leads from here. A name that
 * only the proxy can look up is left to the proxy's own rules.
 * @throws fetch_refused; the signal's reason
 */
export async function checkBehindProxy(url: URL, check: ProxyCheck): Promise<void> {
  const host = bareHost(url.hostname);
  if (isIP(host) !== 0) return;
  const found = ownNames.test(host) ? [{ address: '127.0.0.1' }, { address: '::1' }] : await lookUpInTime(host, check);
  for (const { address } of found) check.rules.checkAddress(host, address, portOf(url));
}

async function lookUpInTime(
  host: string,
  { lookup, connectMs, signal }: ProxyCheck,
): Promise<readonly LookupAddress[]> {
  const found = new AbortController();
  const waiting = signal === undefined ? found.signal : AbortSignal.any([signal, found.signal]);
  const late = pause(connectMs, [], { signal: waiting }).catch(() => []);
  const addresses = await Promise.race([lookUp(host, lookup), late]);
  found.abort();
  signal?.throwIfAborted();
  return addresses;
}

function lookUp(host: string, lookup: LookupFunction): Promise<readonly LookupAddress[]> {
  return new Promise((resolve) => {
    lookup(host, { all: true }, (error, answer, family) => {
      if (error !== null) resolve([]);
      else resolve(typeof answer === 'string' ? [{ address: answer, family: family ?? 4 }] : answer);
    });
  });
}
