import { BlockList, isIP } from 'node:net';
import { BoatLoadError } from '@boatload/contract';
import { plainAddress } from './ip-address.ts';

/** What a rule of the fetch policy is about; `port` restricts it to that port. */
export type FetchRule = AddressRule | HostRule;

interface AddressRule {
  readonly kind: 'address';
  readonly range: BlockList;
  readonly port?: number;
}

interface HostRule {
  readonly kind: 'host';
  /** A name in lower case, `*.` and a name, or `*`. */
  readonly pattern: string;
  readonly port?: number;
}

/**
 * Reads a rule of the fetch policy: a CIDR, an address, a host name, `*.` and a domain (its subdomains) or `*` (every
 * host), each with an optional `:port`; an IPv6 address with a port stands in brackets.
 * @throws bad_configuration
 */
export function parseFetchRule(text: string): FetchRule {
  const { subject, port } = splitPort(text.trim(), text);
  const about = subject.includes('/') || isIP(subject) !== 0 ? readRange(subject, text) : readHost(subject, text);
  return port === undefined ? about : { ...about, port };
}

/** Whether a rule speaks of an address. */
export function coversAddress(rule: FetchRule, address: string, port: number): boolean {
  if (rule.kind !== 'address' || !coversPort(rule, port)) return false;
  return rule.range.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Whether a rule speaks of a host name. */
export function coversHost(rule: FetchRule, host: string, port: number): boolean {
  if (rule.kind !== 'host' || !coversPort(rule, port)) return false;
  if (rule.pattern === '*') return true;
  return rule.pattern.startsWith('*.') ? host.endsWith(rule.pattern.slice(1)) : host === rule.pattern;
}

function coversPort(rule: FetchRule, port: number): boolean {
  return rule.port === undefined || rule.port === port;
}

function splitPort(subject: string, text: string): { readonly subject: string; readonly port?: number } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(subject);
  // Without brackets every colon of an IPv6 address is its own.
  if (bracketed === null && isIP(subject.split('/')[0] ?? '') === 6) return { subject };
  const [, name = '', digits] = bracketed ?? /^(.*?)(?::(\d+))?$/.exec(subject) ?? [];
  if (bracketed !== null && isIP(name.split('/')[0] ?? '') !== 6) throw badRule(text);
  if (digits === undefined) return { subject: name };
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw badRule(text);
  return { subject: name, port };
}

function readRange(subject: string, text: string): AddressRule {
  const [address = '', bits, ...rest] = subject.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (family === 0 || rest.length > 0 || !/^\d*$/.test(bits ?? '') || bits === '' || prefix > most) throw badRule(text);
  const range = new BlockList();
  const plain = plainAddress(address);
  if (isIP(plain) === family) range.addSubnet(plain, prefix, family === 4 ? 'ipv4' : 'ipv6');
  else if (prefix >= 96) range.addSubnet(plain, prefix - 96, 'ipv4');
  else range.addSubnet(address, prefix, 'ipv6');
  return { kind: 'address', range };
}

function readHost(subject: string, text: string): HostRule {
  if (subject === '*') return { kind: 'host', pattern: '*' };
  const domain = subject.startsWith('*.') ? subject.slice(2) : subject;
  if (!URL.canParse(`http://${domain}/`)) throw badRule(text);
  const { hostname } = new URL(`http://${domain}/`);
  const name = hostname.replace(/\.$/, '');
  // Another way to write an address (`127.1`) is none of a name, and would never match one.
  const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
  const isName = new RegExp(`^${label}(?:\\.${label})*$`).test(name) && isIP(name) === 0;
  if (!isName || /[/?#@:\\]/.test(domain)) throw badRule(text);
  return { kind: 'host', pattern: subject.startsWith('*.') ? `*.${name}` : name };
}

function badRule(text: string): BoatLoadError {
  return new BoatLoadError(
    'bad_configuration',
    `«${text}» is not a rule for fetching: write a range of addresses (127.0.0.0/8, ::1/128), an address, a host (data.example.org), *.example.org or *, each with :port if only that port is meant ([::1]:8080).`,
  );
}
