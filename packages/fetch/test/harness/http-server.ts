import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
}

/** A server on a free port of an address of this machine. */
export async function serve(listener: RequestListener, host = '127.0.0.1'): Promise<TestServer> {
  const server = createServer(listener);
  server.listen(0, host);
  await once(server, 'listening');
  // A validated edge: a server that listens on TCP has this kind of address.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
