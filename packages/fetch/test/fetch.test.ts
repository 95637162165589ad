import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BoatLoadError } from '@boatload/contract';
import { describe, expect, it } from 'vitest';
import { failToFetch, fetchOnce, hasty, local } from './harness/fetching.ts';
import { serve } from './harness/http-server.ts';
import { content, newContent, serveMisbehaviour } from './harness/misbehaving-server.ts';

const digest = createHash('sha256').update(content).digest('hex');

describe('a URL', () => {
  it('is fetched into a file, with its size, digest and name', async () => {
    await using server = await serveMisbehaviour();
    const fetched = await fetchOnce(`${server.url}/data.txt`);
    expect(fetched.outcome).toMatchObject({ kind: 'fetched', size: 40_000, sha256: digest, fileName: 'data.txt' });
    expect(fetched.content).toEqual(content);
  });

  it('is followed through five redirects', async () => {
    await using server = await serveMisbehaviour();
    expect((await fetchOnce(`${server.url}/hops/5`)).content).toEqual(content);
  });

  it('tells how far it is', async () => {
    await using server = await serveMisbehaviour();
    const seen: (readonly [number, number | undefined])[] = [];
    await fetchOnce(`${server.url}/x`, local, { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen[0]).toEqual([0, 40_000]);
    expect(seen.at(-1)).toEqual([40_000, 40_000]);
  });

  it('says so when it starts over', async () => {
    await using server = await serveMisbehaviour();
    const seen: number[] = [];
    await fetchOnce(`${server.url}/cut-nameless`, local, { onProgress: (done) => seen.push(done) });
    expect(seen.lastIndexOf(0)).toBeGreaterThan(0);
    expect(seen.at(-1)).toBe(40_000);
  });

  it('asks for room ahead of what it writes', async () => {
    await using server = await serveMisbehaviour();
    const room: number[] = [];
    const reserve = async (bytes: number): Promise<void> => void room.push(bytes);
    await fetchOnce(`${server.url}/cut-in-quarters`, local, { reserve });
    expect(room).toEqual([40_000]);
  });

  it('ends with the error of whoever has no room, and leaves no file', async () => {
    await using server = await serveMisbehaviour();
    const reserve = async (): Promise<void> => {
      throw new BoatLoadError('cache_full', 'no room');
    };
    expect(await failToFetch(`${server.url}/x`, local, { reserve })).toMatchObject({ code: 'cache_full' });
    expect(server.seen).toHaveLength(1);
  });

  it('must have the sha256 that is given with it', async () => {
    await using server = await serveMisbehaviour();
    await fetchOnce(`${server.url}/x`, local, { sha256: digest.toUpperCase() });
    const error = await failToFetch(`${server.url}/y`, local, { sha256: '0'.repeat(64) });
    expect(error).toMatchObject({ code: 'digest_mismatch' });
    expect(server.seen).toHaveLength(2);
  });

  it('is given up when its caller gives up', async () => {
    await using server = await serveMisbehaviour();
    const caller = new AbortController();
    const onProgress = (done: number): void => (done > 0 ? caller.abort() : undefined);
    const error = await failToFetch(`${server.url}/stalled`, local, { signal: caller.signal, onProgress });
    expect(error).toMatchObject({ name: 'AbortError' });
  });

  it('is given up when its time is over', async () => {
    await using server = await serveMisbehaviour();
    const limits = { ...hasty, idleMs: 60_000, totalSeconds: 0.2 };
    expect(await failToFetch(`${server.url}/stalled`, { ...local, limits })).toMatchObject({ code: 'fetch_failed' });
  });
});

describe('a broken connection', () => {
  it.each(['/cut-in-quarters', '/cut-dated', '/stalls-once'])('is resumed where it broke: %s', async (path) => {
    await using server = await serveMisbehaviour();
    const fetched = await fetchOnce(`${server.url}${path}`);
    expect(fetched.content).toEqual(content);
    expect(fetched.outcome).toMatchObject({ sha256: digest });
    expect(server.seen[1]?.headers).toMatchObject({ range: expect.stringMatching(/^bytes=[12]0000-$/) });
    expect(server.seen[1]?.headers['if-range']).toBeDefined();
  });

  it.each(['/cut-weak', '/cut-just-now', '/cut-nameless'])('is not resumed on a weak validator: %s', async (path) => {
    await using server = await serveMisbehaviour();
    expect((await fetchOnce(`${server.url}${path}`)).content).toEqual(content);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, undefined]);
  });

  it.each([
    ['/unsatisfiable', content],
    ['/wrong-part', content],
    ['/replaced', newContent],
    ['/replaced-as-told', newContent],
    ['/grown', newContent],
    ['/replaced-undated', newContent],
  ])('starts over where resuming would mix contents: %s', async (path, expected) => {
    await using server = await serveMisbehaviour();
    expect((await fetchOnce(`${server.url}${path}`)).content).toEqual(expected);
  });

  it.each(['/busy-once', '/too-many-once'])('is like a server that wants another try: %s', async (path) => {
    await using server = await serveMisbehaviour();
    expect((await fetchOnce(`${server.url}${path}`)).content).toEqual(content);
  });
});

describe('two contents of one URL that moves', () => {
  /** Redirects to another query each time; the first answer breaks, and all have the same ETag. */
  async function serveMoving(query: (visit: number) => string, contents: readonly Buffer[]) {
    let visits = 0;
    const ranges: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      if (request.url === '/moving') {
        visits += 1;
        return response.writeHead(302, { location: `/data?${query(visits)}` }).end();
      }
      ranges.push(request.headers.range);
      const bytes = contents[Math.min(visits, contents.length) - 1] ?? content;
      const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const range = { 'content-range': `bytes ${offset}-${bytes.length - 1}/${bytes.length}` };
      const length = { 'content-length': bytes.length - offset };
      response.writeHead(offset > 0 ? 206 : 200, { etag: '"v1"', ...length, ...(offset > 0 ? range : {}) });
      if (visits > 1) return response.end(bytes.subarray(offset));
      return response.write(bytes.subarray(0, 20_000), () => response.socket?.end());
    });
    return { server, ranges };
  }

  it('are not mixed, whatever their ETags say', async () => {
    const { server, ranges } = await serveMoving((visit) => `version=${visit}`, [content, newContent]);
    await using _ = server;
    expect((await fetchOnce(`${server.url}/moving`)).content).toEqual(newContent);
    expect(ranges).toEqual([undefined, undefined]);
  });

  it.each(['X-Amz-Date=1&X-Amz-Signature=', 'Expires=1&Signature=', 'sv=1&se=2&sig='])(
    'are one where only its signature differs: %s',
    async (signed) => {
      const { server, ranges } = await serveMoving((visit) => `id=1&${signed}${visit}`, [content]);
      await using _ = server;
      expect((await fetchOnce(`${server.url}/moving`)).content).toEqual(content);
      expect(ranges).toEqual([undefined, 'bytes=20000-']);
    },
  );
});

describe('a misbehaving server', () => {
  it.each<[string, RegExp, number]>([
    ['/too-short', /closed .*tried 4 times, 40000 of 40010 bytes came/, 4],
    ['/too-long', /more than the length/, 1],
    ['/not-http', /not HTTP/, 4],
    ['/cut-always', /tried 4 times, 20000 of 40000 bytes came/, 4],
    ['/reset', /closed.*nothing came/, 4],
    ['/silent', /no answer in time/, 4],
    ['/stalled', /nothing came for 0.3 s/, 4],
    ['/part-unasked', /part although the whole/, 4],
    ['/not-modified-unasked', /304/, 1],
    ['/loop', /redirects more than 5 times/, 6],
    ['/to-nonsense', /leads to what is not a URL/, 1],
    ['/status/404', /nothing at this URL.*tried once/, 1],
    ['/status/403', /wants a log-in/, 1],
    ['/status/204', /status 204/, 1],
    ['/status/500', /status 500/, 4],
    ['/status/408', /status 408/, 4],
  ])('%s is told as %s after %d requests', async (path, words, requests) => {
    await using server = await serveMisbehaviour();
    const error = await failToFetch(`${server.url}${path}`);
    expect(error).toMatchObject({ code: 'fetch_failed', message: expect.stringMatching(words) });
    expect(server.seen).toHaveLength(requests);
  });

  it.each(['/to-loopback', '/to-loopback-v6', '/to-metadata', '/to-file', '/to-s3'])(
    'does not lead to where its user may not go: %s',
    async (path) => {
      await using server = await serveMisbehaviour();
      const options = { ...local, fileRoots: ['/etc'], s3: { buckets: ['bucket'] } };
      expect(await failToFetch(`${server.url}${path}`, options)).toMatchObject({ code: 'fetch_refused' });
      expect(server.seen).toHaveLength(1);
    },
  );

  it.each([
    ['/big', 1],
    ['/endless', 1],
  ])('does not deliver more than the limit: %s', async (path, requests) => {
    await using server = await serveMisbehaviour();
    expect(await failToFetch(`${server.url}${path}`)).toMatchObject({ code: 'fetch_too_large' });
    expect(server.seen).toHaveLength(requests);
  });

  it('that drips is given up', async () => {
    await using server = await serveMisbehaviour();
    const limits = { ...hasty, retries: 1, rateWindowMs: 200, leastBytesPerMinute: 60_000 };
    const error = await failToFetch(`${server.url}/drip`, { ...local, limits });
    expect(error).toMatchObject({ code: 'fetch_failed', message: expect.stringContaining('too slowly') });
    expect(server.seen).toHaveLength(2);
  });

  it('that does not speak TLS is told so, in one line and after one try', async () => {
    await using server = await serveMisbehaviour();
    const error = await failToFetch(`https://127.0.0.1:${server.port}/x`);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^.*no TLS comes about with it \(E\w+\).*tried once.*$/),
    });
  });

  it('has no listener left on the signal of its caller, however often it redirects', async () => {
    await using server = await serveMisbehaviour();
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    await failToFetch(`${server.url}/loop`);
    await nextTurn();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('does not tell the secrets of where it redirects to', async () => {
    await using server = await serveMisbehaviour();
    expect(`${await failToFetch(`${server.url}/to-nonsense`)}`).not.toContain('secret');
  });

  it('that sends nothing leaves no file where something else was wanted', async () => {
    await using server = await serve((_request, response) => response.end());
    expect(await failToFetch(server.url, local, { sha256: '0'.repeat(64) })).toMatchObject({ code: 'digest_mismatch' });
  });

  it('is not shown with the secrets of its URL', async () => {
    await using server = await serveMisbehaviour();
    const url = `http://user:secret@127.0.0.1:${server.port}/status/404?token=secret#secret`;
    const error = await failToFetch(url);
    expect(String(error)).toContain('/status/404');
    expect(String(error)).not.toContain('secret');
  });
});
