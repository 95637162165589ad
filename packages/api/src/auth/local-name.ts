import { isIPv4 } from 'node:net';
import { BoatLoadError } from '@boatload/contract';
import type { FastifyRequest } from 'fastify';

/**
 * Refuses a request that reached us under a name which is not loopback's. For as long as everybody knows the
 * password it is not enough to listen on loopback only: a web page can have its own name resolved to 127.0.0.1
 * (DNS rebinding) and log in from the user's browser, and a proxy can bring in the whole network.
 * @throws forbidden
 */
export function requireLocalName({ hostname }: FastifyRequest): void {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return;
  if (isIPv4(name) && name.startsWith('127.')) return;
  throw new BoatLoadError(
    'forbidden',
    'The log-in is still admin/admin, so it works only under http://localhost and http://127.0.0.1, not under another name. Set a password first: start the service with ADMINHASH="$(boatload hash-password)".',
  );
}
