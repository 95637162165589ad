import { isIP } from 'node:net';
import { coversAddress, type FetchRule, parseFetchRule } from '../policy/fetch-rule.ts';
import { bareHost, plainAddress } from '../policy/ip-address.ts';

/** Whether a host is to be reached without the proxy. */
export type NoProxy = (host: string, port: number) => boolean;

/**
 * Reads a `no_proxy` list. A host stands for its subdomains too, with or without a leading dot.
 * @throws bad_configuration
 */
export function parseNoProxy(list: string): NoProxy {
  const rules = list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => parseFetchRule(entry.replace(/^\.(?=.)/, '*.')));
  return (host, port) => rules.some((rule) => covers(rule, host, port));
}

function covers(rule: FetchRule, host: string, port: number): boolean {
  const name = bareHost(host).toLowerCase().replace(/\.$/, '');
  if (rule.kind === 'address') {
    const plain = plainAddress(name);
    return isIP(plain) !== 0 && coversAddress(rule, plain, port);
  }
  if (rule.port !== undefined && rule.port !== port) return false;
  if (rule.pattern === '*') return true;
  const domain = rule.pattern.replace(/^\*\./, '');
  return name === domain || name.endsWith(`.${domain}`);
}
