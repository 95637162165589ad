import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listen, type TestServer } from './http-server.ts';

export interface TestProxy extends TestServer {
  /** What it was asked for: `GET http://…`, `CONNECT host:port`. */
  readonly asked: readonly string[];
  /** The log-ins that came with it. */
  readonly logins: readonly (string | undefined)[];
}

export interface ProxyBehaviour {
  /** Where every request is led, whatever its host is. */
  readonly to: number;
  /** A status that it answers with by itself. */
  readonly refuses?: number;
  /** Headers of that answer. */
  readonly says?: Readonly<Record<string, string>>;
}

/** A forward proxy (RFC 9110, 9.3.6 and 7.6; RFC 9112, 3.2.2) that knows one server for all names. */
export async function serveProxy(behaviour: ProxyBehaviour): Promise<TestProxy> {
  const asked: string[] = [];
  const logins: (string | undefined)[] = [];
  const note = (request: IncomingMessage): void => {
    asked.push(`${request.method} ${request.url}`);
    logins.push(request.headers['proxy-authorization']);
  };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    note(request);
    pass(request, response, behaviour);
  });
  server.on('connect', (request, socket: Socket) => {
    note(request);
    if (behaviour.refuses !== undefined) return socket.end(`HTTP/1.1 ${behaviour.refuses} No\r\n\r\n`);
    const onward = connect(behaviour.to, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const each of [socket, onward]) sockets.add(each.on('error', () => undefined));
    return socket.pipe(onward).pipe(socket);
  });
  const proxy = await listen(server, 'http');
  return {
    ...proxy,
    asked,
    logins,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

function pass(request: IncomingMessage, response: ServerResponse, { to, refuses, says }: ProxyBehaviour): void {
  if (refuses !== undefined) {
    response.writeHead(refuses, says).end('no');
    return;
  }
  const { pathname, search } = new URL(request.url ?? '');
  const { 'proxy-authorization': _, ...headers } = request.headers;
  forward({ host: '127.0.0.1', port: to, path: pathname + search, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  }).end();
}
