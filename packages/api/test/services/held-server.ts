import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

/** A web server whose every answer is the test's to give. */
export interface HeldServer extends AsyncDisposable {
  readonly url: string;
  /** The next request of a path that nobody has answered yet, as soon as there is one. */
  asked(path: string): Promise<ServerResponse>;
  /** How often a path was asked for. */
  requests(path: string): number;
}

interface Page {
  requests: number;
  readonly waiting: ServerResponse[];
  readonly takers: ((response: ServerResponse) => void)[];
}

export async function openHeldServer(): Promise<HeldServer> {
  const pages = new Map<string, Page>();
  const pageOf = (path: string): Page => {
    const page = pages.get(path) ?? { requests: 0, waiting: [], takers: [] };
    pages.set(path, page);
    return page;
  };
  const server = createServer((request, response) => {
    const page = pageOf(request.url ?? '/');
    page.requests += 1;
    const take = page.takers.shift();
    if (take === undefined) page.waiting.push(response);
    else take(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: (path) => pageOf(path).requests,
    asked(path) {
      const page = pageOf(path);
      const response = page.waiting.shift();
      if (response !== undefined) return Promise.resolve(response);
      return new Promise((resolve) => page.takers.push(resolve));
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
