import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that containers report to; it keeps what they said, in order. */
export interface Tally extends AsyncDisposable {
  /** Shell command by which a container reports a word. */
  readonly report: (word: string) => string;
  readonly words: readonly string[];
}

/** Listens where containers can reach it. */
export async function startTally(address: string): Promise<Tally> {
  const words: string[] = [];
  const server: Server = createServer((request, response) => {
    words.push(decodeURIComponent((request.url ?? '/').slice(1)));
    response.end('noted\n');
  });
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    words,
    report: (word) => `node -e 'fetch("http://${address}:${port}/${encodeURIComponent(word)}").then(r => r.text())'`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
