import { describe, expect, it, onTestFinished } from 'vitest';
import type { FetcherOptions, S3Options } from '../../src/fetcher-options.ts';
import { certificate } from '../harness/certificate.ts';
import { failToFetch, fetchOnce, hasty } from '../harness/fetching.ts';
import { serve, serveSecurely } from '../harness/http-server.ts';
import { content, newContent } from '../harness/misbehaving-server.ts';
import { serveProxy } from '../harness/proxy-server.ts';
import { accessKeyId, type S3Object, secretAccessKey, serveS3 } from '../harness/s3-server.ts';

/** A service with two buckets, of which the operator opened `data` and a part of `mixed`. */
async function makeService(object: Partial<S3Object> = {}) {
  const server = await serveS3(['data', 'mixed']);
  onTestFinished(() => server[Symbol.asyncDispose]());
  server.objects.set('data/a/set.tar', { content, ...object });
  const options = (more: Partial<S3Options> = {}): FetcherOptions => ({
    limits: hasty,
    s3: { endpoint: server.url, accessKeyId, secretAccessKey, buckets: ['data', 'mixed/open/', 'gone'], ...more },
  });
  return { server, options };
}

const url = 's3://data/a/set.tar';

describe('an s3: URL', () => {
  it('is fetched with a signed request, although the service lies at a closed address', async () => {
    const { server, options } = await makeService();
    const fetched = await fetchOnce(url, options());
    expect(fetched.content).toEqual(content);
    expect(fetched.outcome).toMatchObject({ fileName: 'set.tar', size: content.length });
    expect(server.seen[0]?.headers.authorization).toContain(accessKeyId);
  });

  it('is fetched without a signature where the operator has no key', async () => {
    const { server, options } = await makeService({ isPublic: true });
    const { endpoint, buckets } = options().s3 ?? { buckets: [] };
    const s3 = { buckets, ...(endpoint === undefined ? {} : { endpoint }) };
    expect((await fetchOnce(url, { limits: hasty, s3 })).content).toEqual(content);
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('names its object as every URL does', async () => {
    const { server, options } = await makeService();
    server.objects.set('data/a b/ü+?#.txt', { content });
    const fetched = await fetchOnce('s3://data/a%20b/%C3%BC+%3F%23.txt', options());
    expect(fetched.outcome).toMatchObject({ kind: 'fetched', fileName: 'ü+?#.txt' });
  });

  it('is resumed where its connection broke', async () => {
    const { server, options } = await makeService({ cuts: 2 });
    expect((await fetchOnce(url, options())).content).toEqual(content);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=20000-', 'bytes=30000-']);
    expect(server.seen[1]?.headers['if-match']).toMatch(/^"\w{32}"$/);
  });

  it('starts over when the object was replaced meanwhile', async () => {
    const { server, options } = await makeService({ cuts: 1 });
    const onProgress = (done: number): void => {
      if (done === 20_000) server.objects.set('data/a/set.tar', { content: newContent });
    };
    expect((await fetchOnce(url, options(), { onProgress })).content).toEqual(newContent);
  });

  it('is tried again where the service has no time', async () => {
    const { server, options } = await makeService({ busy: 2 });
    expect((await fetchOnce(url, options())).content).toEqual(content);
    expect(server.seen).toHaveLength(3);
  });

  it('is not transferred again while the object is the same', async () => {
    const { server, options } = await makeService();
    const { memory = {} } = (await fetchOnce(url, options())).outcome;
    expect((await fetchOnce(url, options(), { memory })).outcome.kind).toBe('unchanged');
    server.objects.set('data/a/set.tar', { content: newContent });
    expect((await fetchOnce(url, options(), { memory })).content).toEqual(newContent);
  });

  it.each<[string, string, RegExp, Partial<S3Options>]>([
    ['s3://data/missing', 'fetch_failed', /no such object/, {}],
    ['s3://gone/x', 'fetch_failed', /no such bucket/, {}],
    ['s3://data/forbidden', 'fetch_refused', /may not read it/, {}],
    [url, 'fetch_failed', /secret key is wrong/, { secretAccessKey: 'wrong' }],
    [url, 'fetch_failed', /does not know the operator's access key/, { accessKeyId: 'wrong' }],
  ])('%s ends with %s (%s) after one try', async (address, code, words, more) => {
    const { server, options } = await makeService();
    const error = await failToFetch(address, options(more));
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    's3://other/x',
    's3://mixed/x',
    's3://mixed/openly',
    's3://mixed/open/../x',
    's3://mixed/open/%2e%2e/x',
    's3://data',
    's3://data/',
    's3://data/x?versionId=1',
    's3://me:pw@data/x',
  ])('%s does not lead out of what the operator opened', async (address) => {
    const { server, options } = await makeService();
    expect(await failToFetch(address, options())).toMatchObject({ code: 'fetch_refused' });
    expect(server.seen).toHaveLength(0);
  });

  it('goes through the proxy over http, still signed', async () => {
    const { server, options } = await makeService({ cuts: 1 });
    await using proxy = await serveProxy({ to: server.port });
    const { s3 } = options({ endpoint: 'http://s3.example' });
    const given = { limits: hasty, proxy: { http: `http://me:pw@127.0.0.1:${proxy.port}` }, ...(s3 && { s3 }) };
    expect((await fetchOnce(url, given)).content).toEqual(content);
    expect(proxy.asked[0]).toBe('GET http://s3.example/data/a/set.tar?x-id=GetObject');
    expect(proxy.logins[0]).toBe(`Basic ${Buffer.from('me:pw').toString('base64')}`);
    expect(server.seen[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it('goes through the proxy over https in a tunnel', async () => {
    const { server, options } = await makeService();
    await using secure = await serveSecurely((request, response) => server.answer(request, response));
    await using proxy = await serveProxy({ to: secure.port });
    const { s3 } = options({ endpoint: 'https://secure.example' });
    const given = { limits: hasty, proxy: { https: proxy.url }, certificates: [certificate], ...(s3 && { s3 }) };
    expect((await fetchOnce(url, given)).content).toEqual(content);
    expect(proxy.asked).toEqual(['CONNECT secure.example:443']);
    const direct = { ...given, proxy: { ...given.proxy, no: '.example' }, limits: { ...hasty, retries: 0 } };
    expect(await failToFetch(url, direct)).toMatchObject({ code: 'fetch_failed' });
    expect(proxy.asked).toHaveLength(1);
  });

  it.each([
    ['http://s3.example', 'x-squid-error'],
    ['https://s3.example', 'x-squid-error'],
  ])('that a proxy refuses reads as its word: %s', async (endpoint, header) => {
    await using proxy = await serveProxy({ to: 9, refuses: 403, says: { [header]: 'ERR_ACCESS_DENIED 0' } });
    const { options } = await makeService();
    const { s3 } = options({ endpoint });
    const given = { limits: hasty, proxy: { http: proxy.url, https: proxy.url }, ...(s3 && { s3 }) };
    expect(await failToFetch(url, given)).toMatchObject({
      code: 'fetch_refused',
      message: expect.stringContaining(`The proxy ${proxy.url} refused`),
    });
    expect(proxy.asked).toHaveLength(1);
  });

  it('never mixes two objects, also where the service does not know If-Match', async () => {
    const { server, options } = await makeService({ cuts: 1, ignoresIfMatch: true });
    const onProgress = (done: number): void => {
      if (done === 20_000) server.objects.set('data/a/set.tar', { content: newContent, ignoresIfMatch: true });
    };
    expect((await fetchOnce(url, options(), { onProgress })).content).toEqual(newContent);
  });

  it('whose service answers in other words than S3’s is told by its status', async () => {
    await using server = await serve((_request, response) => response.writeHead(502).end('<html>bad gateway'));
    const { options } = await makeService();
    expect(await failToFetch(url, options({ endpoint: server.url }))).toMatchObject({
      code: 'fetch_failed',
      message: expect.stringMatching(/status 502.*tried 4 times/),
    });
  });

  it('is refused where nothing was opened', async () => {
    expect(await failToFetch(url, {})).toMatchObject({ code: 'fetch_refused' });
  });

  it('is not larger than the limit', async () => {
    const { options } = await makeService();
    expect(await failToFetch(url, options(), { limitBytes: 10 })).toMatchObject({ code: 'fetch_too_large' });
  });
});
