import { isIP } from 'node:net';

/**
 * An address in the form that rules are checked in: without a zone (`%eth0`), and as IPv4 where an IPv6 address is
 * only another way to write or reach one (IPv4-mapped, IPv4-compatible, IPv4-translated, NAT64, 6to4), which would
 * otherwise lead around the rules.
 */
export function plainAddress(address: string): string {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) !== 6) return plain;
  const groups = expandGroups(plain);
  if (groups[0] === '2002') return dotted(groups.slice(1, 3));
  const prefix = groups.slice(0, 6).join(':');
  if (!prefixesOfIpv4.has(prefix)) return plain;
  // The unspecified address, and loopback.
  if (prefix === '0:0:0:0:0:0' && groups[6] === '0') return plain;
  return dotted(groups.slice(6));
}

const prefixesOfIpv4: ReadonlySet<string> = new Set([
  '0:0:0:0:0:0', // IPv4-compatible
  '0:0:0:0:0:ffff', // IPv4-mapped
  '0:0:0:0:ffff:0', // IPv4-translated (RFC 2765)
  '64:ff9b:0:0:0:0', // NAT64
  '64:ff9b:1:0:0:0', // NAT64 of a network's own (RFC 8215)
]);

/** A host of a URL without the brackets that IPv6 addresses stand in. */
export function bareHost(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

function dotted(groups: readonly string[]): string {
  const [high = 0, low = 0] = groups.map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an IPv6 address, in lower case and without leading zeros. */
function expandGroups(address: string): readonly string[] {
  // The URL parser writes every IPv6 address in its one canonical form, dotted ends included.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
}
