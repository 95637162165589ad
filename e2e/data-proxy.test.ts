import { deniedAddresses } from '@boatload/fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DataProxyServer, runEntrypoint, startDataProxy } from './harness/data-proxy.ts';
import { viewEngine } from './harness/engine.ts';
import { startWebServer, type WebServer } from './harness/web-server.ts';

const keepable = { 'cache-control': 'max-age=600' };
const kept = /^TCP_(?:MEM_|CF_)?HIT\/200$/;

let proxy: DataProxyServer;
let web: WebServer;
let gateway: string;

beforeAll(async () => {
  await using engine = viewEngine();
  gateway = await engine.gateway();
  web = await startWebServer(gateway);
  proxy = await startDataProxy();
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await web?.[Symbol.asyncDispose]();
});

describe('what is kept', () => {
  test('what a server lets be kept is fetched once', async () => {
    const url = web.serve('/kept', 'data', keepable);
    expect(await proxy.ask(url)).toMatchObject({ status: 200, body: 'data' });
    expect(await proxy.ask(url)).toMatchObject({ status: 200, body: 'data' });
    expect(web.requests('/kept')).toBe(1);
    const [first, second] = await proxy.loggedTimes(url, 2);
    expect(first).toBe('TCP_MISS/200');
    expect(second).toMatch(kept);
  });

  test('also by a URL with a query, which no log shows', async () => {
    const url = web.serve('/query?signature=secret', 'data', keepable);
    await proxy.ask(url);
    await proxy.ask(url);
    expect(web.requests('/query?signature=secret')).toBe(1);
    // Nor are caches on the way told to keep out of it.
    expect(web.lastHeaders('/query?signature=secret')['cache-control']).not.toBe('max-age=0');
    expect(await proxy.loggedTimes(web.urlOf('/query?'), 2)).toHaveLength(2);
    expect(await proxy.logged(url)).toEqual([]);
  });

  test('data of many megabytes, on the disk', async () => {
    const url = web.serve('/large', new Uint8Array(20 * 1_048_576).fill(120), keepable);
    for (let times = 0; times < 2; times += 1) {
      expect((await proxy.ask(url)).body).toHaveLength(20 * 1_048_576);
    }
    expect(web.requests('/large')).toBe(1);
    expect(await proxy.loggedTimes(url, 2)).toEqual(['TCP_MISS/200', 'TCP_HIT/200']);
  });

  test.each([
    ['Range', { range: 'bytes=4-8' }],
    ['Request-Range, as old programs write it', { 'request-range': 'bytes=4-8' }],
  ])('a part is the server’s to give, also of what is kept: squid would make it up (%s)', async (title, headers) => {
    // Of a length that is not told: the server sends it in chunks.
    const path = `/${encodeURIComponent(title)}`;
    const url = web.serve(path, 'the whole of it', keepable);
    expect(await proxy.ask(url)).toMatchObject({ status: 200, body: 'the whole of it' });
    // The server of these tests gives no parts.
    expect(await proxy.ask(url, { headers })).toMatchObject({ status: 200, body: 'the whole of it' });
    expect(web.requests(path)).toBe(2);
    expect(await proxy.ask(url)).toMatchObject({ body: 'the whole of it' });
    expect(web.requests(path)).toBe(2);
  });

  test('who resumes near the end is not made to wait for all before it', async () => {
    const url = web.serve('/resumed', 'the whole of it', keepable);
    await proxy.ask(url, { headers: { range: 'bytes=4-8' } });
    expect(web.lastHeaders('/resumed')).toMatchObject({ range: 'bytes=4-8' });
  });

  test('requests at one moment are one download', async () => {
    const url = web.urlOf('/moment');
    const first = proxy.ask(url);
    const others = [proxy.ask(url), proxy.ask(url), proxy.ask(url)];
    // Answered after those before it have been read.
    await proxy.ask('http://probe.invalid/');
    web.serve('/moment', 'data', keepable);
    for (const answer of await Promise.all([first, ...others])) expect(answer).toMatchObject({ body: 'data' });
    expect(web.requests('/moment')).toBe(1);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['what is private', { 'cache-control': 'private, max-age=600' }, {}],
    ['what must not be stored', { 'cache-control': 'no-store' }, {}],
    ['what was asked for with a log-in', keepable, { authorization: 'Basic eDp5' }],
  ])('%s is not kept', async (title, headers, asked) => {
    const path = `/${encodeURIComponent(title)}`;
    const url = web.serve(path, (request) => `answer ${request}`, headers);
    expect(await proxy.ask(url, { headers: asked })).toMatchObject({ body: 'answer 1' });
    expect(await proxy.ask(url, { headers: asked })).toMatchObject({ body: 'answer 2' });
  });
});

describe('who is served', () => {
  test('not a client of another address: 403', async () => {
    const url = web.serve('/outside', 'data', keepable);
    await proxy.ask(url);
    expect(await proxy.ask(url, { from: '127.0.0.2' })).toMatchObject({ status: 403 });
    expect(await proxy.loggedTimes(url, 2)).toEqual(['TCP_MISS/200', 'TCP_DENIED/403']);
  });

  test('not even if it says that it is another', async () => {
    const headers = { 'x-forwarded-for': '127.0.0.1' };
    const url = web.serve('/forwarded', 'data');
    expect(await proxy.ask(url, { from: '127.0.0.2', headers })).toMatchObject({ status: 403 });
    expect(web.requests('/forwarded')).toBe(0);
  });

  test('nobody with squid’s own pages, by whatever way', async () => {
    const own = `http://127.0.0.1:${proxy.port}/squid-internal-mgr/info`;
    expect((await fetch(own)).status).toBe(403);
    for (const host of ['127.0.0.1', 'data-proxy', gateway]) {
      const url = `http://${host}:${proxy.port}/squid-internal-mgr/info`;
      expect(await proxy.ask(url), host).toMatchObject({ status: 403 });
    }
  });

  test('nobody with the removal of what is kept', async () => {
    const url = web.serve('/purged', 'data', keepable);
    await proxy.ask(url);
    expect(await proxy.ask(url, { method: 'PURGE' })).toMatchObject({ status: 403 });
    expect(await proxy.ask(url)).toMatchObject({ status: 200 });
    expect(web.requests('/purged')).toBe(1);
  });
});

describe('where it leads', () => {
  test.each([
    'http://127.0.0.1:8999/',
    'http://127.255.255.254/',
    'http://localhost/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://100.100.100.200/',
    'http://192.0.0.192/',
    'http://168.63.129.16/',
    'http://[fd00:ec2::254]/',
    'http://[fd20:ce::254]/',
    'http://[fe80::1]/',
    'http://224.0.0.1/',
    'http://[ff02::1]/',
    'http://255.255.255.255/',
  ])('not to %s', async (url) => {
    expect(await proxy.ask(url)).toMatchObject({ status: 403 });
  });

  test.each(deniedAddresses)('not to %s, which is closed to URLs of users', async (range) => {
    const address = range.replace(/\/.*/, '');
    const host = address.includes(':') ? `[${address}]` : address;
    expect(await proxy.ask(`http://${host}/`)).toMatchObject({ status: 403 });
  });

  test('not to ports of other services', async () => {
    for (const port of [22, 25, 443 + 1, 1024]) {
      expect(await proxy.ask(`http://${gateway}:${port}/`), String(port)).toMatchObject({ status: 403 });
    }
  });

  test('not by other protocols', async () => {
    expect(await proxy.ask(web.urlOf('/').replace('http:', 'ftp:'))).toMatchObject({ status: 403 });
  });

  test('not by a tunnel to anything but https, nor to a closed address', async () => {
    expect(await proxy.tunnel(new URL(web.urlOf('/')).host)).toBe(403);
    expect(await proxy.tunnel('127.0.0.1:443')).toBe(403);
    expect(await proxy.tunnel('169.254.169.254:443')).toBe(403);
  });

  test('servers are told no address of a container, and no version', async () => {
    const url = web.serve('/told', 'data');
    await proxy.ask(url, { headers: { 'x-forwarded-for': '172.17.0.9' } });
    const { via, ...headers } = web.lastHeaders('/told');
    expect(via).toMatch(/^1\.1 data-proxy \(squid\)$/);
    expect(headers).not.toHaveProperty('x-forwarded-for');
  });
});

describe('settings', () => {
  test('squid finds nothing wrong with what they make', async () => {
    const { stderr } = await proxy.command('check');
    expect(stderr).toContain('Processing: http_access deny all');
    expect(stderr).not.toMatch(/WARNING|ERROR|FATAL/);
  });

  test('nor with all of them', async () => {
    const { stderr } = await runEntrypoint('check', {
      LISTEN: '127.0.0.1, ::1',
      CLIENTS: '10.0.0.0/8,fd00::/8',
      ALLOW: '127.0.0.0/8 ::1 .example.org',
      DENY: '10.1.0.0/16, fd01::/16, cafe.de',
      PORTS: '80',
      TUNNEL_PORTS: '443 8443',
      CACHE_MB: '100',
      LARGEST_MB: '50',
      MEMORY_MB: '8',
      LOG: 'stdout',
      PID_FILE: '/run/data-proxy.pid',
    });
    expect(stderr).toContain('Processing: acl allowed_names dstdomain -n .example.org');
    expect(stderr).toContain('Processing: acl denied_addresses dst 10.1.0.0/16 fd01::/16');
    expect(stderr).toContain('Processing: http_port [::1]:3128');
    expect(stderr).not.toMatch(/WARNING|ERROR|FATAL/);
  });

  test('the check of its health fails where no proxy answers', async () => {
    expect(await proxy.command('healthy')).toBeDefined();
    const running = proxy.port;
    await expect(runEntrypoint('healthy', { PORT: String(running), LISTEN: '127.0.0.9' })).resolves.toBeDefined();
    const { port } = new URL(web.urlOf('/'));
    await expect(runEntrypoint('healthy', { PORT: port })).rejects.toBeDefined();
  });

  test('addresses and names can be opened and closed', async () => {
    const { host } = new URL(web.urlOf('/'));
    const port = host.split(':')[1] ?? '';
    await using other = await startDataProxy({ ALLOW: '127.0.0.1', DENY: `${gateway} localhost` });
    await using local = await startWebServer();
    const url = local.serve('/local', 'data');
    expect(await other.ask(url)).toMatchObject({ status: 200, body: 'data' });
    expect(await other.ask(url.replace('127.0.0.1', 'localhost'))).toMatchObject({ status: 403 });
    expect(await other.ask(`http://127.0.0.2:${port}/`)).toMatchObject({ status: 403 });
    expect(await other.ask(web.urlOf('/'))).toMatchObject({ status: 403 });
  });

  test('an address that is open does not open names that lead to it', async () => {
    await using other = await startDataProxy({ ALLOW: '127.0.0.1' });
    await using local = await startWebServer();
    const url = local.serve('/local', 'data');
    expect(await other.ask(url)).toMatchObject({ status: 200 });
    expect(await other.ask(url.replace('127.0.0.1', 'localhost'))).toMatchObject({ status: 403 });
  });

  test('a file too large to be kept passes through', async () => {
    await using other = await startDataProxy({ LARGEST_MB: '1', CACHE_MB: '16' });
    const url = web.serve('/too-large', new Uint8Array(2 * 1_048_576), keepable);
    for (let times = 0; times < 2; times += 1) {
      expect((await other.ask(url)).body).toHaveLength(2 * 1_048_576);
    }
    expect(await other.loggedTimes(url, 2)).toEqual(['TCP_MISS/200', 'TCP_MISS/200']);
  });

  test.each([
    ['PORT', '3128x'],
    ['PORT', '0'],
    ['PORT', '65536'],
    ['CACHE_MB', ''],
    ['CACHE_MB', '-1'],
    ['CACHE_DIR', 'cache'],
    ['CACHE_DIR', '/with space'],
    ['CLIENTS', ''],
    ['CLIENTS', 'all'],
    ['ALLOW', '10.0.0.1; http_access allow all'],
    ['DENY', '10.0.0.1|10.0.0.2'],
    ['PORTS', ''],
    ['LOG', 'stderr'],
  ])('%s=%j is refused in a sentence that names it', async (name, value) => {
    await expect(runEntrypoint('print', { [name]: value })).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringMatching(new RegExp(`^data proxy: DATA_PROXY_${name}\\b.*\\n$`)),
    });
  });
});
