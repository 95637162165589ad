import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { chooseProxies } from '../../src/http/proxies.ts';
import { certificate } from '../harness/certificate.ts';
import { failToFetch, fetchOnce, hasty, local } from '../harness/fetching.ts';
import { serveSecurely } from '../harness/http-server.ts';
import { content, serveMisbehaviour } from '../harness/misbehaving-server.ts';
import { serveProxy } from '../harness/proxy-server.ts';

const unknown: LookupFunction = (host, _options, callback) =>
  callback(Object.assign(new Error(host), { code: 'ENOTFOUND' }), '', 0);
const leadTo = (address: string): LookupFunction => {
  return (_host, _options, callback) => callback(null, [{ address, family: 4 }]);
};

describe('through a proxy', () => {
  it('http is fetched by its whole URL, with the log-in of the proxy, although its own address is closed', async () => {
    await using server = await serveMisbehaviour();
    await using proxy = await serveProxy({ to: server.port });
    const options = { limits: hasty, lookup: unknown, proxy: { http: `http://me:pw@127.0.0.1:${proxy.port}` } };
    const fetched = await fetchOnce('http://data.example/cut-in-quarters', options);
    expect(fetched.content).toEqual(content);
    expect(proxy.asked[0]).toBe('GET http://data.example/cut-in-quarters');
    expect(proxy.logins[0]).toBe(`Basic ${Buffer.from('me:pw').toString('base64')}`);
    expect(server.seen[0]?.headers).toMatchObject({ host: 'data.example' });
    expect(server.seen[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it('https is fetched in a tunnel, and its certificate is checked', async () => {
    await using server = await serveSecurely((request, response) => response.end(`${request.headers.host}`));
    await using proxy = await serveProxy({ to: server.port });
    const options = { limits: hasty, lookup: unknown, proxy: { https: proxy.url } };
    const trusting = { ...options, certificates: [certificate] };
    expect((await fetchOnce('https://secure.example/x', trusting)).content?.toString()).toBe('secure.example');
    expect(proxy.asked).toEqual(['CONNECT secure.example:443']);
    for (const [url, given] of [
      ['https://secure.example/x', options],
      ['https://other.example/x', trusting],
    ] as const) {
      expect(await failToFetch(url, given)).toMatchObject({
        code: 'fetch_failed',
        message: expect.stringContaining('certificate is not accepted'),
      });
    }
    expect(proxy.asked).toHaveLength(3);
  });

  it.each([
    ['http://127.0.0.1/', unknown],
    ['http://169.254.169.254/', unknown],
    ['http://rebound.example/', leadTo('169.254.169.254')],
    ['https://rebound.example/', leadTo('127.0.0.1')],
    ['http://bad.example/', unknown],
    ['http://localhost/', unknown],
    ['http://localhost./', unknown],
    ['https://any.localhost/', unknown],
  ])('nothing closed is asked for: %s', async (url, lookup) => {
    await using proxy = await serveProxy({ to: 9 });
    const policy = { deny: ['bad.example'] };
    const options = { limits: hasty, lookup, policy, proxy: { http: proxy.url, https: proxy.url } };
    expect(await failToFetch(url, options)).toMatchObject({ code: 'fetch_refused' });
    expect(proxy.asked).toEqual([]);
  });

  it.each<[string, number, Readonly<Record<string, string>>, string, RegExp, number]>([
    ['http', 403, { 'x-squid-error': 'ERR_ACCESS_DENIED 0' }, 'fetch_refused', /The proxy .* refused.*ERR_ACCESS/, 1],
    ['http', 403, { 'proxy-status': 'p; error=http_request_denied' }, 'fetch_refused', /The proxy .* refused/, 1],
    ['http', 407, {}, 'fetch_refused', /The proxy .* refused.*log-in/, 1],
    ['http', 503, { 'x-squid-error': 'ERR_CONNECT_FAIL 111' }, 'fetch_failed', /the proxy .* could not reach/, 4],
    ['https', 403, {}, 'fetch_refused', /The proxy .* refused/, 1],
    ['https', 407, {}, 'fetch_refused', /The proxy .* refused.*log-in/, 1],
    ['https', 502, {}, 'fetch_failed', /the proxy .* could not reach/, 4],
  ])(
    '%s that the proxy answers with %d %j itself reads as its word',
    async (scheme, refuses, says, code, words, tries) => {
      await using proxy = await serveProxy({ to: 9, refuses, says });
      const options = { limits: hasty, lookup: unknown, proxy: { http: proxy.url, https: proxy.url } };
      const error = await failToFetch(`${scheme}://data.example/`, options);
      expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
      expect(proxy.asked).toHaveLength(tries);
    },
  );

  it('that cannot be reached, nothing is fetched, and the proxy is named', async () => {
    const proxy = { http: 'http://127.0.0.1:9', https: 'http://127.0.0.1:9' };
    for (const url of ['http://data.example/', 'https://data.example/']) {
      expect(await failToFetch(url, { limits: hasty, lookup: unknown, proxy })).toMatchObject({
        code: 'fetch_failed',
        message: expect.stringContaining('the proxy http://127.0.0.1:9 cannot be reached'),
      });
    }
  });

  it('an address in IPv6 is asked for in brackets', async () => {
    await using proxy = await serveProxy({ to: 9, refuses: 403 });
    await failToFetch('https://[2001:db8::1]/', { limits: hasty, proxy: { https: proxy.url } });
    expect(proxy.asked).toEqual(['CONNECT [2001:db8::1]:443']);
  });

  it('nobody waits for a name server longer than for a connection, or than the caller', async () => {
    const silent: LookupFunction = () => undefined;
    await using server = await serveMisbehaviour();
    await using proxy = await serveProxy({ to: server.port });
    const options = { lookup: silent, proxy: { http: proxy.url } };
    const fetched = await fetchOnce('http://data.example/x', { ...options, limits: { ...hasty, connectMs: 50 } });
    expect(fetched.content).toEqual(content);
    const signal = AbortSignal.timeout(50);
    expect(await failToFetch('http://data.example/x', { ...options, limits: hasty }, { signal })).toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('what needs none is fetched without it', async () => {
    await using server = await serveMisbehaviour();
    await fetchOnce(`${server.url}/x`, { ...local, proxy: { http: 'http://127.0.0.1:9', no: '127.0.0.0/8' } });
    expect(server.seen).toHaveLength(1);
  });
});

describe('no_proxy', () => {
  it.each([
    ['*', 'http://data.example/', true],
    ['example.org', 'http://example.org/', true],
    ['example.org', 'http://data.example.org/', true],
    ['example.org', 'http://badexample.org/', false],
    ['.example.org', 'http://data.example.org/', true],
    ['*.example.org', 'http://data.example.org/', true],
    ['example.org:8080', 'http://example.org:8080/', true],
    ['example.org:8080', 'http://example.org/', false],
    ['a.example, example.org', 'http://example.org/', true],
    ['a.example example.org', 'http://example.org/', true],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.1.2.3', 'http://10.1.2.4/', false],
    ['::1', 'http://[::1]/', true],
    ['', 'http://example.org/', false],
  ])('%j: %s goes without the proxy: %s', (no, url, without) => {
    const proxyFor = chooseProxies({ http: 'http://proxy.example:3128', no });
    expect(proxyFor(new URL(url)) === undefined).toBe(without);
  });

  it.each([{ http: 'ftp://proxy' }, { https: 'http://' }, { http: 'http://p', no: 'a/b' }])(
    'and proxies are read before anything is fetched: %j',
    (options) => {
      expect(() => chooseProxies(options)).toThrow(expect.objectContaining({ code: 'bad_configuration' }));
    },
  );
});
