import { Agent, type RequestOptions } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as startTls } from 'node:tls';
import type { S3Client } from '@aws-sdk/client-s3';
import { type ProxyChoice, portOf } from '../http/proxies.ts';
import { isProxysOwn, proxyRefusal } from '../http/status-faults.ts';
import { authorityOf, openTunnel, type TunnelOptions } from '../http/tunnel-connector.ts';

/** Connections to an S3 service over https: in a tunnel, where a proxy stands before it. */
export class S3Agent extends Agent {
  readonly #proxyFor: ProxyChoice;
  readonly #tunnel: TunnelOptions;

  constructor(proxyFor: ProxyChoice, tunnel: TunnelOptions) {
    super({ keepAlive: true, maxSockets: 50, ...(tunnel.ca === undefined ? {} : { ca: [...tunnel.ca] }) });
    this.#proxyFor = proxyFor;
    this.#tunnel = tunnel;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { servername = '', port } = options;
    const host = options.host ?? '';
    const authority = authorityOf(host, `${port ?? 443}`);
    const url = new URL(`https://${authority}`);
    const proxy = this.#proxyFor(url);
    // A proxy that itself speaks https is connected to like any other server.
    if (proxy === undefined || proxy.url.host === url.host) return super.createConnection(options, callback);
    const trust = this.#tunnel.ca === undefined ? {} : { ca: [...this.#tunnel.ca] };
    openTunnel(proxy, authority, this.#tunnel).then(
      (socket) => callback?.(null, startTls({ socket, host, servername, ...trust })),
      // Its type wants a connection even where there is none.
      (error: Error) => callback?.(error, new Socket()),
    );
    return undefined;
  }
}

/** Sends what goes to an S3 service over http to its proxy, if it has one, with the whole address. */
export function sendThroughProxy(client: S3Client, proxyFor: ProxyChoice): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      // A validated edge: this step of the client has a request that is ready to be sent, and its answer.
      const request = args.request as S3Request;
      const host = `${request.hostname}${request.port === undefined ? '' : `:${request.port}`}`;
      const proxy = request.protocol === 'http:' ? proxyFor(new URL(`http://${host}`)) : undefined;
      if (proxy === undefined) return await next(args);
      request.path = `http://${host}${request.path}`;
      Object.assign(request, { protocol: proxy.url.protocol, hostname: proxy.url.hostname, port: portOf(proxy.url) });
      Object.assign(request.headers, proxy.headers);
      const result = await next(args);
      const { statusCode, headers, body } = result.response as S3Answer;
      if (!isProxysOwn(statusCode, headers)) return result;
      body.destroy();
      throw proxyRefusal(proxy.name, statusCode, headers);
    },
    // The last step, after the request was signed.
    { step: 'deserialize', priority: 'low', name: 'sendThroughProxy' },
  );
}

interface S3Request {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  path: string;
  readonly headers: Record<string, string>;
}

interface S3Answer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Duplex;
}
