import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressPolicy } from '../src/address-policy.ts';
import { type FetchOptions, fetchToFile } from '../src/fetch-to-file.ts';
import { serve } from './harness/http-server.ts';
import { makeTemporaryDirectory } from './harness/temporary-directory.ts';

const open = new AddressPolicy({ allow: ['127.0.0.1/32'] });
const closed = new AddressPolicy({});

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

const redirect = (location: string): Answer => {
  return (response) => response.writeHead(302, { location }).end('moved');
};

const pages: Readonly<Record<string, Answer>> = {
  '/away': redirect('http://127.0.0.2:9/x'),
  '/file': redirect('file:///etc/passwd'),
  '/nowhere': redirect('http://'),
  '/missing': (response) => response.writeHead(404).end('no'),
  '/big': (response) => response.writeHead(200, { 'content-length': '5000' }).end(Buffer.alloc(5_000)),
  '/endless': endless,
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': '5000' }).write('half');
    setImmediate(() => response.destroy());
  },
  '/silent': () => undefined,
  '/stalled': (response) => response.writeHead(200).write('some'),
  '/login': (response, request) => response.end(request.headers.authorization ?? 'none'),
  '/named': (response) => response.writeHead(200, { 'content-disposition': 'attachment; filename="n.csv"' }).end('x'),
};

const site: RequestListener = (request, response) => {
  const path = request.url ?? '';
  const steps = Number(/^\/hops\/(\d+)$/.exec(path)?.[1] ?? 0);
  const answer = steps > 0 ? redirect(`/hops/${steps - 1}`) : pages[path];
  if (answer === undefined) response.end('content');
  else answer(response, request);
};

function endless(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(16_384)));
    response.once('drain', more);
  };
  more();
}

async function fetchIn(path: string, options: Partial<FetchOptions> = {}) {
  await using server = await serve(site);
  await using dir = await makeTemporaryDirectory();
  try {
    const fetched = await fetchToFile(`${server.url}${path}`, {
      dir: dir.path,
      limitBytes: 4_096,
      policy: open,
      ...options,
    });
    return { ...fetched, content: await readFile(fetched.file, 'utf8') };
  } catch (error) {
    expect(await readdir(dir.path)).toEqual([]);
    throw error;
  }
}

describe('a URL', () => {
  it('is fetched into a file', async () => {
    expect(await fetchIn('/data.txt')).toMatchObject({ content: 'content', size: 7, fileName: 'data.txt' });
  });

  it('is followed through five redirects', async () => {
    expect(await fetchIn('/hops/5')).toMatchObject({ content: 'content', fileName: '5' });
  });

  it('gives its content the name that the server says', async () => {
    expect(await fetchIn('/named')).toMatchObject({ fileName: 'n.csv' });
  });

  it('tells how far it is', async () => {
    const seen: (readonly [number, number | undefined])[] = [];
    await fetchIn('/big', { limitBytes: 5_000, onProgress: (done, total) => seen.push([done, total]) });
    expect(seen.at(-1)).toEqual([5_000, 5_000]);
  });

  it('may carry a log-in, which its own server gets', async () => {
    await using server = await serve(site);
    await using dir = await makeTemporaryDirectory();
    const url = `http://me:s%20t@127.0.0.1:${server.port}/login`;
    const { file } = await fetchToFile(url, { dir: dir.path, limitBytes: 4_096, policy: open });
    expect(await readFile(file, 'utf8')).toBe(`Basic ${Buffer.from('me:s t').toString('base64')}`);
  });

  it.each<[string, string, Partial<FetchOptions>]>([
    ['/data', 'fetch_refused', { policy: closed }],
    ['/away', 'fetch_refused', {}],
    ['/file', 'fetch_refused', {}],
    ['/nowhere', 'fetch_failed', {}],
    ['/hops/6', 'fetch_failed', {}],
    ['/missing', 'fetch_failed', {}],
    ['/big', 'fetch_too_large', {}],
    ['/endless', 'fetch_too_large', {}],
    ['/cut', 'fetch_failed', { limitBytes: 10_000 }],
    ['/silent', 'fetch_failed', { timeouts: { connect: 1_000, idle: 300 } }],
    ['/stalled', 'fetch_failed', { timeouts: { connect: 1_000, idle: 300 } }],
  ])('%s ends with %s and leaves no file', async (path, code, options) => {
    await expect(fetchIn(path, options)).rejects.toMatchObject({ code });
  });

  it.each([
    ['http://127.0.0.1:9/', 'fetch_failed', open],
    ['http://no-such-host.invalid/', 'fetch_failed', open],
    ['http://localhost:9/', 'fetch_refused', closed],
    ['http://[::1]:9/', 'fetch_refused', closed],
    ['http://[::ffff:127.0.0.1]:9/', 'fetch_refused', closed],
    ['http://2130706433:9/', 'fetch_refused', closed],
    ['http://0x7f.1:9/', 'fetch_refused', closed],
    ['http://169.254.169.254/latest/meta-data/', 'fetch_refused', closed],
    ['https://127.0.0.1:9/', 'fetch_refused', closed],
    ['ftp://127.0.0.1/', 'fetch_refused', open],
  ])('%s ends with %s', async (url, code, policy) => {
    await using dir = await makeTemporaryDirectory();
    const fetching = fetchToFile(url, { dir: dir.path, limitBytes: 10, policy });
    await expect(fetching).rejects.toMatchObject({ code });
  });

  it('does not reach a closed address with a single byte, not even to begin TLS', async () => {
    let connections = 0;
    const server = createTcpServer(() => (connections += 1)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await using dir = await makeTemporaryDirectory();
    for (const url of [`https://localhost:${port}/`, `http://localhost:${port}/`]) {
      const fetching = fetchToFile(url, { dir: dir.path, limitBytes: 10, policy: closed });
      await expect(fetching).rejects.toMatchObject({ code: 'fetch_refused' });
    }
    server.close();
    expect(connections).toBe(0);
  });

  it('is given up when its caller gives up', async () => {
    const caller = new AbortController();
    const onProgress = (): void => caller.abort();
    await expect(fetchIn('/stalled', { signal: caller.signal, onProgress })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
