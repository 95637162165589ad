import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Body = string | Uint8Array;

/** A web server of the test's own. Whoever asks for a path that is not served yet waits until it is. */
export interface WebServer extends AsyncDisposable {
  /** Serves a path from now on and answers whoever waits for it. Returns its URL. */
  serve(path: string, body: Body | ((request: number) => Body), headers?: Record<string, string>): string;
  urlOf(path: string): string;
  /** How often a path was asked for. */
  requests(path: string): number;
  /** What the last request for a path said of itself. */
  lastHeaders(path: string): IncomingHttpHeaders;
  /** Shell command that asks for a path, waits for the answer and prints it. */
  fetchCommand(path: string): string;
}

interface Page {
  body?: Body | ((request: number) => Body);
  headers: Record<string, string>;
  requests: number;
  lastHeaders: IncomingHttpHeaders;
  readonly waiting: ServerResponse[];
}

/** Listens at an address: loopback for the service, the Engine's gateway for containers. */
export async function startWebServer(address = '127.0.0.1'): Promise<WebServer> {
  const pages = new Map<string, Page>();
  const pageOf = (path: string): Page => {
    const page = pages.get(path) ?? { headers: {}, requests: 0, lastHeaders: {}, waiting: [] };
    pages.set(path, page);
    return page;
  };
  const server = createServer((request, response) => {
    const page = pageOf(request.url ?? '/');
    page.requests += 1;
    page.lastHeaders = request.headers;
    if (page.body === undefined) page.waiting.push(response);
    else answer(page, response);
  });
  server.listen(0, address);
  await once(server, 'listening');
  const urlOf = (path: string): string => `http://${address}:${(server.address() as AddressInfo).port}${path}`;
  return {
    serve(path, body, headers = {}) {
      const page = pageOf(path);
      Object.assign(page, { body, headers });
      for (const response of page.waiting.splice(0)) answer(page, response);
      return urlOf(path);
    },
    urlOf,
    requests: (path) => pageOf(path).requests,
    lastHeaders: (path) => pageOf(path).lastHeaders,
    fetchCommand: (path) => `node -e 'fetch("${urlOf(path)}").then(r => r.text()).then(t => process.stdout.write(t))'`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer({ body = '', headers, requests }: Page, response: ServerResponse): void {
  response.writeHead(200, headers).end(typeof body === 'function' ? body(requests) : body);
}
