import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HostileServer extends AsyncDisposable {
  readonly urlOf: (path: string) => string;
}

/** A web server on loopback that answers each path as the test says, however badly. Unknown paths are 404. */
export async function startHostileServer(answers: Readonly<Record<string, RequestListener>>): Promise<HostileServer> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? '/'];
    if (answer === undefined) response.writeHead(404).end('not here');
    else answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (path) => `http://127.0.0.1:${port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Sends whoever asks to another URL. */
export function redirectTo(url: string): RequestListener {
  return (_request, response) => void response.writeHead(302, { location: url }).end();
}
