import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { serve, type TestServer } from './http-server.ts';

/** What a well-behaved answer brings. */
export const content = Buffer.from(Array.from({ length: 40_000 }, (_, index) => (index * 7 + (index >> 8)) % 256));
/** What stands in its place later, where content changes. */
export const newContent = Buffer.from(content.map((byte) => byte ^ 255));

export interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface MisbehavingServer extends TestServer {
  /** Every request that came, in order. */
  readonly seen: readonly Seen[];
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** How often this path was asked for, this time included. */
  readonly visit: number;
  /** Offset of a Range header; 0 without one. */
  readonly offset: number;
  /** The server's own port. */
  readonly port: number;
}

type Misbehaviour = (exchange: Exchange) => unknown;

const half = content.length / 2;
const etag = '"one"';
const newEtag = '"two"';
const longAgo = 'Mon, 01 Jan 2024 00:00:00 GMT';

/** Every way to misbehave, by path. */
const misbehaviours: Readonly<Record<string, Misbehaviour>> = {
  // lengths
  '/too-short': ({ response }) => {
    response.writeHead(200, { 'content-length': content.length + 10, connection: 'close' });
    response.write(content, () => response.socket?.end());
  },
  '/too-long': ({ response }) => writeRaw(response, 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\ncontent and more'),
  '/endless': ({ response }) => pour(response),
  '/big': ({ response }) => response.writeHead(200, { 'content-length': 1e12 }).write('x'),
  '/not-http': ({ response }) => writeRaw(response, 'SSH-2.0-OpenSSH_9.2\r\n'),
  // connections that break
  '/cut-in-quarters': ({ response, offset }) => {
    startPart(response, offset, { etag });
    cutAfter(response, content.subarray(offset, offset + content.length / 4));
  },
  '/cut-dated': ({ response, offset, visit }) => {
    startPart(response, offset, { 'last-modified': longAgo });
    if (visit > 1) response.end(content.subarray(offset));
    else cutAfter(response, content.subarray(0, half));
  },
  '/cut-weak': cutOnce({ etag: 'W/"one"' }),
  '/cut-just-now': cutOnce(() => ({ 'last-modified': new Date().toUTCString() })),
  '/cut-nameless': cutOnce({}),
  '/cut-always': ({ response }) => {
    response.writeHead(200, { 'content-length': content.length });
    cutAfter(response, content.subarray(0, half));
  },
  '/reset': ({ response }) => response.socket?.resetAndDestroy(),
  // time
  '/silent': () => undefined,
  '/stalled': ({ response }) => response.writeHead(200, { 'content-length': content.length }).write('some'),
  '/stalls-once': ({ response, visit, offset }) => {
    startPart(response, offset, { etag });
    if (visit > 1) response.end(content.subarray(offset));
    else response.write(content.subarray(0, half));
  },
  '/drip': ({ response }) => {
    response.writeHead(200, { 'content-length': content.length });
    const timer = setInterval(() => response.write('x'), 20);
    response.once('close', () => clearInterval(timer));
  },
  // redirects
  '/loop': ({ response }) => redirect(response, '/loop'),
  '/to-loopback': ({ response, port }) => redirect(response, `http://127.0.0.2:${port}/fine`),
  '/to-loopback-v6': ({ response }) => redirect(response, 'http://[::1]:9/'),
  '/to-metadata': ({ response }) => redirect(response, 'http://169.254.169.254/latest/meta-data/'),
  '/to-file': ({ response }) => redirect(response, 'file:///etc/passwd'),
  '/to-s3': ({ response }) => redirect(response, 's3://bucket/key'),
  '/to-nonsense': ({ response }) => redirect(response, 'http://me:secret@host:99999/?token=secret'),
  // parts
  '/unsatisfiable': ({ response, visit, offset }) => {
    if (offset > 0) return response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    startPart(response, 0, { etag });
    return visit === 1 ? cutAfter(response, content.subarray(0, half)) : response.end(content);
  },
  '/replaced': ({ response, visit, offset }) => {
    if (visit === 1) return cutFirstHalf(response);
    // Ignores If-Range.
    startPart(response, offset, { etag: newEtag });
    return response.end(newContent.subarray(offset));
  },
  '/replaced-as-told': ({ response, visit, request }) => {
    if (visit === 1) return cutFirstHalf(response);
    if (request.headers['if-range'] !== etag) return response.writeHead(400).end();
    startPart(response, 0, { etag: newEtag });
    return response.end(newContent);
  },
  '/grown': ({ response, visit, offset }) => {
    if (visit === 1) return cutFirstHalf(response);
    if (offset === 0) return response.writeHead(200, { etag }).end(newContent);
    const whole = content.length + 1;
    response.writeHead(206, { etag, 'content-range': `bytes ${offset}-${whole - 1}/${whole}` });
    return response.end(Buffer.concat([content.subarray(offset), Buffer.from('x')]));
  },
  '/replaced-undated': ({ response, visit, offset }) => {
    startPart(response, offset, visit === 1 ? { 'last-modified': longAgo } : {});
    // Knows Range, but not If-Range.
    if (visit > 1) response.end(newContent.subarray(offset));
    else cutAfter(response, content.subarray(0, half));
  },
  '/wrong-part': ({ response, visit, offset }) => {
    if (visit === 1) return cutFirstHalf(response);
    if (offset === 0) return response.writeHead(200, { etag }).end(content);
    // Without a length, which would give it away.
    response.writeHead(206, { etag, 'content-range': `bytes 100-${content.length - 1}/${content.length}` });
    return response.end(content.subarray(100));
  },
  '/part-unasked': ({ response }) => {
    startPart(response, 10, { etag });
    response.end(content.subarray(10));
  },
  // states
  '/not-modified-unasked': ({ response }) => response.writeHead(304).end(),
  '/busy-once': ({ response, visit }) =>
    visit === 1 ? response.writeHead(503, { 'retry-after': '0' }).end() : response.end(content),
  '/too-many-once': ({ response, visit }) =>
    visit === 1 ? response.writeHead(429, { 'retry-after': '1' }).end() : response.end(content),
};

/** A server that misbehaves as the path says; `/status/404` answers with a status, `/hops/3` redirects so often. */
export async function serveMisbehaviour(host = '127.0.0.1'): Promise<MisbehavingServer> {
  const seen: Seen[] = [];
  const server = await serve((request, response) => {
    const path = (request.url ?? '').replace(/[?].*/, '');
    seen.push({ path, headers: request.headers });
    const visit = seen.filter((earlier) => earlier.path === path).length;
    const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const exchange = { request, response, visit, offset, port: server.port };
    (misbehaviours[path] ?? behaveOtherwise)(exchange);
  }, host);
  return { ...server, seen };
}

function behaveOtherwise({ request, response }: Exchange): unknown {
  const [, kind, value] = request.url?.replace(/[?].*/, '').split('/') ?? [];
  if (kind === 'status') return response.writeHead(Number(value)).end('no');
  if (kind === 'hops' && Number(value) > 0) return redirect(response, `/hops/${Number(value) - 1}`);
  return response.writeHead(200, { 'content-length': content.length, etag }).end(content);
}

function startPart(response: ServerResponse, offset: number, headers: Readonly<Record<string, string>>): void {
  const range = { 'content-range': `bytes ${offset}-${content.length - 1}/${content.length}` };
  const length = { 'content-length': content.length - offset };
  response.writeHead(offset === 0 ? 200 : 206, { ...headers, ...length, ...(offset === 0 ? {} : range) });
}

function cutOnce(headers: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)): Misbehaviour {
  return ({ response, visit, offset }) => {
    startPart(response, offset, typeof headers === 'function' ? headers() : headers);
    if (visit > 1) response.end(content.subarray(offset));
    else cutAfter(response, content.subarray(0, half));
  };
}

function cutFirstHalf(response: ServerResponse): void {
  startPart(response, 0, { etag });
  cutAfter(response, content.subarray(0, half));
}

function cutAfter(response: ServerResponse, bytes: Buffer): void {
  response.write(bytes, () => response.socket?.end());
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end('moved');
}

function writeRaw(response: ServerResponse, text: string): void {
  response.socket?.write(text);
}

function pour(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(16_384)));
    response.once('drain', more);
  };
  more();
}
