import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { TryFault } from '../try-fault.ts';
import { type ConnectOptions, tlsStarter } from './guarded-connector.ts';
import type { ForwardProxy } from './proxies.ts';
import { proxyRefusal } from './status-faults.ts';

export type TunnelOptions = Pick<ConnectOptions, 'connectMs' | 'ca' | 'signal'>;

/** Opens connections for undici through a proxy, which is asked to CONNECT. */
export function tunnelConnector(proxy: ForwardProxy, options: TunnelOptions): buildConnector.connector {
  const startTls = tlsStarter(options);
  return (target, callback) => {
    openTunnel(proxy, authorityOf(target.hostname, target.port || '443'), options).then(
      (socket) => startTls({ ...target, httpSocket: socket }, callback),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

/** How a host and its port are written together. */
export function authorityOf(host: string, port: string): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A connection to `host:port` through a proxy. @throws TryFault, fetch_refused */
export function openTunnel(proxy: ForwardProxy, authority: string, options: TunnelOptions): Promise<Socket> {
  const { url, headers } = proxy;
  return new Promise((resolve, reject) => {
    const asking = (url.protocol === 'https:' ? requestHttps : requestHttp)({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...headers },
      agent: false,
      ...(options.ca === undefined ? {} : { ca: [...options.ca] }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const late = new TryFault(`the proxy ${proxy.name} did not answer in time`);
    const timer = setTimeout(() => asking.destroy(late), options.connectMs);
    asking.once('close', () => clearTimeout(timer));
    asking.once('error', reject);
    asking.once('connect', (response, socket: Socket) => {
      clearTimeout(timer);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return resolve(socket);
      socket.destroy();
      return reject(proxyRefusal(proxy.name, status, response.headers));
    });
    asking.once('response', (response) => {
      response.destroy();
      reject(proxyRefusal(proxy.name, response.statusCode ?? 0, response.headers));
    });
    asking.end();
  });
}
