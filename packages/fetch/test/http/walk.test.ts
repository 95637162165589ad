import { once } from 'node:events';
import { createServer as createTcpServer, type LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { FetcherOptions } from '../../src/fetcher-options.ts';
import { failToFetch, fetchOnce, hasty, local } from '../harness/fetching.ts';
import { serve } from '../harness/http-server.ts';
import { serveMisbehaviour } from '../harness/misbehaving-server.ts';

const closed: FetcherOptions = { limits: hasty };

/** Gives one address after the other for any name, then the last one for ever. */
function lookupInTurn(...addresses: readonly string[]): LookupFunction & { count(): number } {
  let count = 0;
  const lookup: LookupFunction = (_host, _options, callback) => {
    const address = addresses[Math.min(count, addresses.length - 1)] ?? '';
    count += 1;
    callback(null, [{ address, family: 4 }]);
  };
  return Object.assign(lookup, { count: () => count });
}

describe('a URL', () => {
  it.each([
    ['http://127.0.0.1:9/', 'fetch_failed', local],
    ['http://no-such-host.invalid/', 'fetch_failed', local],
    ['http://localhost:9/', 'fetch_refused', closed],
    ['http://[::1]:9/', 'fetch_refused', closed],
    ['http://[::ffff:127.0.0.1]:9/', 'fetch_refused', closed],
    ['http://2130706433:9/', 'fetch_refused', closed],
    ['http://0x7f.1:9/', 'fetch_refused', closed],
    ['http://169.254.169.254/latest/meta-data/', 'fetch_refused', closed],
    ['https://127.0.0.1:9/', 'fetch_refused', closed],
    ['ftp://127.0.0.1/', 'fetch_refused', local],
    ['not a URL', 'fetch_failed', local],
  ])('%s ends with %s', async (url, code, options) => {
    expect(await failToFetch(url, options)).toMatchObject({ code });
  });

  it('does not reach a closed address with a single byte, not even to begin TLS', async () => {
    let connections = 0;
    const server = createTcpServer(() => (connections += 1)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    for (const url of [`https://localhost:${port}/`, `http://localhost:${port}/`]) {
      expect(await failToFetch(url, closed)).toMatchObject({ code: 'fetch_refused' });
    }
    server.close();
    expect(connections).toBe(0);
  });

  it('of a denied host is refused before its name is looked up', async () => {
    const lookup = lookupInTurn('127.0.0.1');
    const options = { ...local, policy: { allow: ['127.0.0.1', 'good.example'], deny: ['*'] }, lookup };
    expect(await failToFetch('http://bad.example/', options)).toMatchObject({ code: 'fetch_refused' });
    expect(lookup.count()).toBe(0);
  });
});

describe('a name that leads elsewhere after it was checked', () => {
  it('is looked up once for a connection, so that what was checked is what is connected to', async () => {
    await using server = await serveMisbehaviour();
    const lookup = lookupInTurn('127.0.0.1', '169.254.169.254');
    const fetched = await fetchOnce(`http://data.example:${server.port}/x`, { ...local, lookup });
    expect(fetched.outcome.kind).toBe('fetched');
    expect(lookup.count()).toBe(1);
  });

  it('is refused at the next try', async () => {
    await using server = await serveMisbehaviour();
    await using other = await serveMisbehaviour('127.0.0.2');
    const lookup = lookupInTurn('127.0.0.1', '127.0.0.2');
    const error = await failToFetch(`http://data.example:${server.port}/reset`, { ...local, lookup });
    expect(error).toMatchObject({ code: 'fetch_refused', message: expect.stringContaining('127.0.0.2') });
    expect(other.seen).toHaveLength(0);
  });

  it('is refused behind a redirect to itself', async () => {
    await using server = await serveMisbehaviour();
    const lookup = lookupInTurn('127.0.0.1', '169.254.169.254');
    const error = await failToFetch(`http://data.example:${server.port}/hops/1`, { ...local, lookup });
    expect(error).toMatchObject({ code: 'fetch_refused', message: expect.stringContaining('169.254.169.254') });
  });

  it('is connected to at its allowed addresses only', async () => {
    await using server = await serveMisbehaviour();
    const lookup: LookupFunction = (_host, _options, callback) =>
      callback(null, [
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const fetched = await fetchOnce(`http://data.example:${server.port}/x`, { ...local, lookup });
    expect(fetched.outcome.kind).toBe('fetched');
  });
});

describe('a log-in in a URL', () => {
  const login = `Basic ${Buffer.from('me:s t').toString('base64')}`;

  it('is what its server gets, also after a redirect to itself', async () => {
    await using server = await serveMisbehaviour();
    await fetchOnce(`http://me:s%20t@127.0.0.1:${server.port}/hops/1`);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([login, login]);
  });

  it('is not told to another port, and not to another host', async () => {
    await using target = await serveMisbehaviour();
    for (const host of ['127.0.0.1', 'localhost']) {
      const location = `http://${host}:${target.port}/x`;
      await using server = await serve((_request, response) => response.writeHead(302, { location }).end());
      const lookup = lookupInTurn('127.0.0.1');
      await fetchOnce(`http://me:s%20t@127.0.0.1:${server.port}/`, { ...local, lookup });
    }
    expect(target.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });
});
