import { isIP } from 'node:net';
import { BoatLoadError } from '@boatload/contract';
import { coversAddress, coversHost, type FetchRule, parseFetchRule } from './fetch-rule.ts';
import { bareHost, plainAddress } from './ip-address.ts';

/**
 * Where user-given URLs may lead. A rule is a CIDR, an address, a host, `*.domain` or `*`, each with an optional
 * `:port`. The host of every hop must not be denied by a host rule unless one allows it, and the address that is
 * really connected to must not be denied by an address rule unless one allows it: an allowed host never opens a denied
 * address. `deny: ['*'], allow: ['data.example.org']` leaves one host.
 */
export interface FetchPolicy {
  /** What is allowed although `deny` or the built-in list denies it. Default none. */
  readonly allow?: readonly string[];
  /** What is denied beside loopback, link-local, metadata and multicast addresses. Default none. */
  readonly deny?: readonly string[];
}

/**
 * Denied by default: what only this machine or its cloud should reach. Private ranges are not here: data
 * often lie on the local network.
 */
export const deniedAddresses = [
  '0.0.0.0/8', // «this host»
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, cloud metadata
  '100.100.100.200/32', // metadata (Alibaba)
  '192.0.0.192/32', // metadata (Oracle)
  '168.63.129.16/32', // metadata (Azure)
  '224.0.0.0/4', // multicast
  '255.255.255.255/32', // broadcast
  '::/128', // unspecified
  '::1/128', // loopback
  'fe80::/10', // link-local
  'fd00:ec2::/32', // metadata and log-ins (AWS)
  'fd00:42::42/128', // metadata (Scaleway)
  'fd20:ce::254/128', // metadata (Google)
  'ff00::/8', // multicast
] as const;

/** A policy that is ready to be asked. */
export class FetchRules {
  readonly #allow: readonly FetchRule[];
  readonly #deny: readonly FetchRule[];
  readonly #builtIn = deniedAddresses.map(parseFetchRule);

  /** @throws bad_configuration when a rule cannot be read */
  constructor(policy: FetchPolicy) {
    this.#allow = (policy.allow ?? []).map(parseFetchRule);
    this.#deny = (policy.deny ?? []).map(parseFetchRule);
  }

  /** Whether a connection to an IP address may be used. */
  allowsAddress(address: string, port: number): boolean {
    const plain = plainAddress(address);
    if (isIP(plain) === 0) return false;
    const covers = (rule: FetchRule): boolean => coversAddress(rule, plain, port);
    return this.#allow.some(covers) || !(this.#deny.some(covers) || this.#builtIn.some(covers));
  }

  /** Whether a host (a name, or an address as it stands in a URL) may be asked for at all. */
  allowsHost(host: string, port: number): boolean {
    const name = bareHost(host).toLowerCase().replace(/\.$/, '');
    const covers = (rule: FetchRule): boolean => coversHost(rule, name, port);
    if (!this.#deny.some(covers) || this.#allow.some(covers)) return true;
    const plain = plainAddress(name);
    return isIP(plain) !== 0 && this.#allow.some((rule) => coversAddress(rule, plain, port));
  }

  /** @throws fetch_refused */
  checkHost(host: string, port: number): void {
    if (!this.allowsHost(host, port)) {
      throw new BoatLoadError(
        'fetch_refused',
        `Nothing is fetched from ${host} (port ${port}): the operator's rules deny it. Put the file elsewhere, or let an administrator start the service with --fetch-allow ${host}.`,
      );
    }
    const bare = bareHost(host);
    if (isIP(bare) !== 0) this.checkAddress(host, bare, port);
  }

  /** @throws fetch_refused */
  checkAddress(host: string, address: string, port: number): void {
    if (!this.allowsAddress(address, port)) throw refusedAddress(host, address);
  }
}

/** Says that an address is closed. */
export function refusedAddress(host: string, address: string): BoatLoadError {
  const where = bareHost(host) === address ? address : `${host} (${address})`;
  const suffix = isIP(address) === 6 ? '128' : '32';
  return new BoatLoadError(
    'fetch_refused',
    `Nothing is fetched from ${where}: this address is closed to URLs (loopback, link-local and metadata addresses always are, others by the operator's rules). Put the file elsewhere, or let an administrator start the service with --fetch-allow ${address}/${suffix}.`,
  );
}
