import { type LookupAddress, lookup as lookupName } from 'node:dns';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { BoatLoadError } from '@boatload/contract';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.ts';

/**
 * Opens connections for undici to allowed addresses only. Names are looked up here, and the address is checked
 * once more on the socket that is really connected, before TLS or HTTP sends its first byte: what a name server
 * answers a second time changes nothing.
 */
export function guardedConnector(policy: AddressPolicy, timeout: number): buildConnector.connector {
  const startTls = buildConnector({ timeout });
  return (options, callback) => {
    openAllowed(options.hostname, Number(options.port || (options.protocol === 'https:' ? 443 : 80)), {
      policy,
      timeout,
    }).then(
      (socket) => {
        if (options.protocol === 'https:') startTls({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

interface Guard {
  readonly policy: AddressPolicy;
  /** Milliseconds. */
  readonly timeout: number;
}

function openAllowed(host: string, port: number, guard: Guard): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (isIP(host) !== 0 && !guard.policy.allows(host)) {
      reject(refused(host, host));
      return;
    }
    const socket = connect({ host, port, lookup: guardedLookup(guard.policy), noDelay: true });
    socket.setTimeout(guard.timeout, () => socket.destroy(new Error('no connection in time')));
    socket.once('error', reject);
    socket.once('connect', () => {
      const address = socket.remoteAddress ?? '';
      if (!guard.policy.allows(address)) {
        socket.destroy();
        reject(refused(host, address));
        return;
      }
      socket.setTimeout(0);
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/** Leaves out the addresses that are not allowed, so that not even a connection is tried there. */
function guardedLookup(policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    lookupName(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0);
      const allowed = found.filter(({ address }) => policy.allows(address));
      const [first] = allowed;
      if (first === undefined) return callback(refused(hostname, found[0]?.address ?? 'none'), '', 0);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

function refused(host: string, address: string): BoatLoadError {
  const where = host === address ? address : `${host} (${address})`;
  const suffix = isIP(address) === 6 ? '128' : '32';
  return new BoatLoadError(
    'fetch_refused',
    `Nothing is fetched from ${where}: loopback, link-local and metadata addresses are closed to URLs. Put the file elsewhere, or let an administrator start the service with --fetch-allow ${address}/${suffix}.`,
  );
}
