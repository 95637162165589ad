import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate, privateKey } from './certificate.ts';

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
}

/** A server on a free port of an address of this machine. */
export async function serve(listener: RequestListener, host = '127.0.0.1'): Promise<TestServer> {
  return await listen(createServer(listener), 'http', host);
}

/** The same with TLS; its certificate is the one of the tests. */
export async function serveSecurely(listener: RequestListener, host = '127.0.0.1'): Promise<TestServer> {
  return await listen(createSecureServer({ cert: certificate, key: privateKey }, listener), 'https', host);
}

/** Lets a server listen on a free port. */
export async function listen(server: Server, scheme: string, host = '127.0.0.1'): Promise<TestServer> {
  server.listen(0, host);
  await once(server, 'listening');
  // A validated edge: a server that listens on TCP has this kind of address.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
