import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFetcher } from '../../src/create-fetcher.ts';
import type { FetchMemory } from '../../src/port.ts';
import { failToFetch, fetchOnce, local } from '../harness/fetching.ts';
import { serve } from '../harness/http-server.ts';

const lastModified = 'Mon, 01 Jan 2024 00:00:00 GMT';

/** Serves one content with headers that say how it may be remembered, and notes every request's headers. */
async function site(headers: Readonly<Record<string, string>>, answerAgain = 304) {
  const seen: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  const server = await serve((request: IncomingMessage, response: ServerResponse) => {
    seen.push({ path: request.url ?? '', headers: request.headers });
    const isKnown = 'if-none-match' in request.headers || 'if-modified-since' in request.headers;
    if (isKnown) response.writeHead(answerAgain, { ...headers, 'x-again': '1' }).end();
    else if (request.url === '/moved') response.writeHead(302, { location: '/data?signature=1' }).end();
    else if (request.url === '/moves') response.writeHead(302, { location: `/data?signature=${seen.length}` }).end();
    else if (request.url === '/moved-for-long') {
      response.writeHead(301, { location: '/data', 'cache-control': 'max-age=600' }).end();
    } else response.writeHead(200, headers).end('content');
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { url: server.url, seen };
}

async function memoryOf(url: string, expectation: 'memory' | 'none' = 'memory'): Promise<FetchMemory> {
  const { outcome } = await fetchOnce(url);
  if (outcome.memory === undefined) return expectation === 'none' ? {} : expect.fail('nothing was remembered');
  // It is kept as JSON.
  return JSON.parse(JSON.stringify(outcome.memory));
}

async function isFresh(url: string, memory: FetchMemory): Promise<boolean> {
  await using fetcher = createFetcher(local);
  return fetcher.isFresh(url, memory);
}

describe('content that was fetched before', () => {
  it.each([
    [{ etag: '"one"' }, { 'if-none-match': '"one"' }],
    [{ etag: 'W/"weak"' }, { 'if-none-match': 'W/"weak"' }],
    [{ 'last-modified': lastModified }, { 'if-modified-since': lastModified }],
  ])('with %j is asked for with %j and not transferred again', async (headers, asked) => {
    const { url, seen } = await site(headers);
    const memory = await memoryOf(`${url}/data`);
    const { outcome } = await fetchOnce(`${url}/data`, local, { memory });
    expect(outcome).toMatchObject({ kind: 'unchanged' });
    expect(seen[1]?.headers).toMatchObject(asked);
    const again = await fetchOnce(`${url}/data`, local, { memory: outcome.memory ?? {} });
    expect(again.outcome.kind).toBe('unchanged');
  });

  it('is asked for by its own validator again, whatever the server confirmed it with', async () => {
    let etag = '"one"';
    const asked: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      asked.push(request.headers['if-none-match']);
      response.writeHead(asked.length === 1 ? 200 : 304, { etag }).end(asked.length === 1 ? 'content' : undefined);
    });
    onTestFinished(() => server[Symbol.asyncDispose]());
    const memory = await memoryOf(server.url);
    etag = '"two"';
    const { outcome } = await fetchOnce(server.url, local, { memory });
    await fetchOnce(server.url, local, { memory: outcome.memory ?? {} });
    expect(asked).toEqual([undefined, '"one"', '"one"']);
  });

  it('is fetched anew where its server names nothing to ask for', async () => {
    const { url } = await site({});
    const memory = await memoryOf(`${url}/data`);
    expect((await fetchOnce(`${url}/data`, local, { memory })).outcome.kind).toBe('fetched');
  });

  it('is fetched anew when it changed', async () => {
    const { url } = await site({ etag: '"one"' }, 200);
    const memory = await memoryOf(`${url}/data`);
    expect((await fetchOnce(`${url}/data`, local, { memory })).outcome.kind).toBe('fetched');
  });

  it('is asked for at its own URL only, behind a redirect', async () => {
    const { url, seen } = await site({ etag: '"one"' });
    const memory = await memoryOf(`${url}/moved`);
    expect((await fetchOnce(`${url}/moved`, local, { memory })).outcome.kind).toBe('unchanged');
    expect(seen.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined, undefined, '"one"']);
  });

  it('is fetched anew when a redirect leads elsewhere now', async () => {
    const { url, seen } = await site({ etag: '"one"' });
    const memory = await memoryOf(`${url}/moves`);
    expect((await fetchOnce(`${url}/moves`, local, { memory })).outcome.kind).toBe('fetched');
    expect(seen.some(({ headers }) => 'if-none-match' in headers)).toBe(false);
  });

  it('with the wanted sha256 is not asked for at all, with another it is fetched anew', async () => {
    const { url, seen } = await site({ etag: '"one"' });
    const memory = await memoryOf(`${url}/data`);
    const sha256 = 'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73';
    expect((await fetchOnce(`${url}/data`, local, { memory, sha256 })).outcome.kind).toBe('unchanged');
    expect(seen).toHaveLength(1);
    await failToFetch(`${url}/data`, local, { memory, sha256: '0'.repeat(64) });
    expect(seen[1]?.headers['if-none-match']).toBeUndefined();
  });

  it('is fetched anew when its memory cannot be read', async () => {
    const { url } = await site({ etag: '"one"' });
    for (const memory of [{}, { http: 'x' }, { http: { at: 'x', ways: [{ v: 9 }] } }]) {
      expect((await fetchOnce(`${url}/data`, local, { memory })).outcome.kind).toBe('fetched');
      expect(await isFresh(`${url}/data`, memory)).toBe(false);
    }
  });

  it('is not remembered when its server forbids that', async () => {
    const { url } = await site({ etag: '"one"', 'cache-control': 'no-store' });
    expect(await memoryOf(`${url}/data`, 'none')).toEqual({});
  });

  it('is remembered without its URL, which may hold secrets', async () => {
    const { url } = await site({ etag: '"one"', vary: 'authorization', 'set-cookie': 'session=secret' });
    const memory = await memoryOf(`${url.replace('//', '//me:secret@')}/data?token=secret`);
    expect(JSON.stringify(memory)).not.toMatch(/secret|127\.0\.0\.1/);
  });
});

describe('content counts as fresh', () => {
  it.each<[Readonly<Record<string, string>>, boolean]>([
    [{ 'cache-control': 'max-age=600' }, true],
    [{ 'cache-control': 'private, max-age=600' }, true],
    [{ 'cache-control': 'max-age=600', age: '700' }, false],
    [{ 'cache-control': 'max-age=600, must-revalidate' }, false],
    [{ 'cache-control': 'no-cache, max-age=600' }, false],
    [{ 'cache-control': 'max-age=600', vary: '*' }, false],
    [{ 'cache-control': 'max-age=0' }, false],
    [{ 'cache-control': 's-maxage=600' }, false],
    [{ expires: 'Fri, 01 Jan 2100 00:00:00 GMT' }, true],
    [{ expires: '0' }, false],
    [{ 'last-modified': lastModified }, false],
    [{}, false],
  ])('without asking as far as its server says so: %j: %s', async (headers, fresh) => {
    const { url } = await site({ etag: '"one"', ...headers });
    expect(await isFresh(`${url}/data`, await memoryOf(`${url}/data`))).toBe(fresh);
  });

  it('again after its server confirmed it', async () => {
    const { url } = await site({ etag: '"one"', 'cache-control': 'max-age=600' });
    const memory = await memoryOf(`${url}/data`);
    const { outcome } = await fetchOnce(`${url}/data`, local, { memory });
    expect(await isFresh(`${url}/data`, outcome.memory ?? {})).toBe(true);
  });

  it('only if every redirect to it is fresh too', async () => {
    const { url } = await site({ 'cache-control': 'max-age=600' });
    expect(await isFresh(`${url}/moved`, await memoryOf(`${url}/moved`))).toBe(false);
    expect(await isFresh(`${url}/moved-for-long`, await memoryOf(`${url}/moved-for-long`))).toBe(true);
  });
});
