import { BlockList, isIP } from 'node:net';
import { BoatLoadError } from '@boatload/contract';

/** Which addresses user-given URLs may lead to. */
export interface FetchPolicy {
  /** CIDRs that are allowed although they are denied by default: `127.0.0.0/8`, `::1/128`. Default none. */
  readonly allow?: readonly string[];
}

/**
 * Denied by default: what only this machine or its cloud should reach. Private ranges are not here: data
 * often lie on the local network.
 */
const denied = [
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
  'fd00:ec2::254/128', // metadata (AWS)
  'fd20:ce::254/128', // metadata (Google)
  'ff00::/8', // multicast
] as const;

/** A policy that is ready to be asked. */
export class AddressPolicy {
  readonly #allowed: BlockList;
  readonly #denied = blockListOf(denied);

  /** @throws bad_configuration when a CIDR cannot be read */
  constructor(policy: FetchPolicy) {
    this.#allowed = blockListOf(policy.allow ?? []);
  }

  /** Whether a connection to an IP address may be used. */
  allows(address: string): boolean {
    const plain = withoutEmbedding(address);
    const family = isIP(plain);
    if (family === 0) return false;
    const type = family === 4 ? 'ipv4' : 'ipv6';
    return this.#allowed.check(plain, type) || !this.#denied.check(plain, type);
  }
}

/**
 * The IPv4 address inside an IPv6 address that is only another way to write it (IPv4-mapped, NAT64), which
 * would otherwise lead around the policy. Without a zone (`%eth0`).
 */
function withoutEmbedding(address: string): string {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) !== 6) return plain;
  const groups = expandGroups(plain);
  const prefix = groups.slice(0, 6).join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0' && prefix !== '0:0:0:0:0:0') return plain;
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  if (prefix === '0:0:0:0:0:0' && high === 0) return plain;
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

function blockListOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) addCidr(list, cidr);
  return list;
}

function addCidr(list: BlockList, cidr: string): void {
  const [address = '', bits, ...rest] = cidr.trim().split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (family === 0 || rest.length > 0 || bits === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > most) {
    throw new BoatLoadError(
      'bad_configuration',
      `«${cidr}» is not a range of addresses: write an address and its prefix length, such as 127.0.0.0/8 or ::1/128.`,
    );
  }
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}
