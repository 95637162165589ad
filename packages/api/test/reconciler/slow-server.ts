import { once } from 'node:events';
import { createServer } from 'node:http';

export interface SlowServer extends AsyncDisposable {
  readonly url: string;
  /** Resolves when somebody asked. */
  readonly asked: Promise<unknown>;
}

/** Sends a file of 1 MB so slowly that nobody sees its end. */
export async function openSlowServer(): Promise<SlowServer> {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-length': 1_000_000 });
    const sending = setInterval(() => answer.write(Buffer.alloc(1_000)), 50);
    answer.once('close', () => clearInterval(sending));
  });
  const asked = once(server, 'request');
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/data.bin`,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
