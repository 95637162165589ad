import { type LookupAddress, lookup as lookupName } from 'node:dns';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { type FetchRules, refusedAddress } from '../policy/fetch-rules.ts';
import { bareHost } from '../policy/ip-address.ts';
import { TryFault } from '../try-fault.ts';

export interface ConnectOptions {
  readonly rules: FetchRules;
  /** Milliseconds. */
  readonly connectMs: number;
  readonly lookup: LookupFunction;
  /** Authorities, PEM. Absent: those that Node.js knows. */
  readonly ca?: readonly string[];
  readonly signal?: AbortSignal;
}

export const systemLookup: LookupFunction = (hostname, options, callback) =>
  lookupName(hostname, options, (error, address, family) => callback(error, address, family));

/**
 * Opens connections for undici to allowed addresses only. Names are looked up here, and the address is checked
 * once more on the socket that is really connected, before TLS or HTTP sends its first byte: what a name server
 * answers a second time changes nothing.
 */
export function guardedConnector(options: ConnectOptions): buildConnector.connector {
  const startTls = tlsStarter(options);
  return (target, callback) => {
    const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
    openAllowed(bareHost(target.hostname), port, options).then(
      (socket) => {
        if (target.protocol === 'https:') startTls({ ...target, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

/** Begins TLS on a socket. */
export function tlsStarter(options: Pick<ConnectOptions, 'connectMs' | 'ca'>): buildConnector.connector {
  return buildConnector({
    timeout: options.connectMs,
    ...(options.ca === undefined ? {} : { ca: [...options.ca] }),
  });
}

function openAllowed(host: string, port: number, options: ConnectOptions): Promise<Socket> {
  const { rules, connectMs, signal } = options;
  return new Promise((resolve, reject) => {
    rules.checkHost(host, port);
    const lookup = guardedLookup(port, options);
    signal?.throwIfAborted();
    const socket = connect({ host, port, lookup, noDelay: true });
    // Given to `connect`, a signal would never be let go of again.
    const giveUp = (): unknown => socket.destroy(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    const letGo = (): void => signal?.removeEventListener('abort', giveUp);
    socket.once('connect', letGo).once('close', letGo);
    socket.setTimeout(connectMs, () => socket.destroy(new TryFault('no connection came about in time')));
    socket.once('error', reject);
    socket.once('connect', () => {
      const address = socket.remoteAddress ?? '';
      if (!rules.allowsAddress(address, port)) {
        socket.destroy();
        reject(refusedAddress(host, address));
        return;
      }
      socket.setTimeout(0);
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/** Leaves out the addresses that are not allowed, so that not even a connection is tried there. */
function guardedLookup(port: number, { rules, lookup }: ConnectOptions): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, answer, family) => {
      if (error !== null) return callback(error, '', 0);
      const found: readonly LookupAddress[] =
        typeof answer === 'string' ? [{ address: answer, family: family ?? 4 }] : answer;
      const allowed = found.filter(({ address }) => rules.allowsAddress(address, port));
      const [first] = allowed;
      if (first === undefined) return callback(refusedAddress(hostname, found[0]?.address ?? 'none'), '', 0);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}
