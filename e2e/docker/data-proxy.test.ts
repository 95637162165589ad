import type { CacheCollection } from '@boatload/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DataProxyServer, startDataProxy } from '../harness/data-proxy.ts';
import { startService } from '../harness/service.ts';
import { promiseNothingLeft, useService } from '../harness/suite.ts';

const keepable = { 'cache-control': 'max-age=600' };
const kept = /^TCP_(?:MEM_)?HIT\/200$/;
const itself = 'localhost,127.0.0.1,::1';

/** Fetches a URL as programs do that heed http_proxy, and prints what came, or the status of what went wrong. */
function fetchThroughProxy(url: string): string {
  return `#!/usr/bin/env node
    const { hostname, port } = new URL(process.env.http_proxy);
    const headers = { host: new URL('${url}').host };
    require('node:http')
      .get({ host: hostname, port, path: '${url}', headers }, (answer) => {
        if (answer.statusCode === 200) answer.pipe(process.stdout);
        else process.stdout.write(String(answer.resume().statusCode));
      });`;
}

const printVariables = 'env | grep -i _proxy= | sort || true';

let proxy: DataProxyServer;

beforeAll(async () => {
  proxy = await startDataProxy();
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
});

describe('the data proxy of each node', () => {
  const parts = useService(() =>
    startService({
      args: [
        ...['--fetch-proxy', `http://127.0.0.1:${proxy.port}`],
        ...['--data-proxy', `http://data-proxy:${proxy.port}`],
      ],
    }),
  );

  /** Runs a script to its end and answers what it printed. */
  const run = async (fields: Record<string, unknown>): Promise<string> => {
    const { client } = parts();
    const { id } = await client.submit(fields);
    expect(await client.ended(id)).toMatchObject({ state: 'exited', exit_code: 0 });
    return client.text(`/v1/container/${id}/stdout`);
  };
  const variables = (fields: Record<string, unknown>): Promise<string> => run({ script: printVariables, ...fields });

  test('a second container gets from it what a first one fetched', async () => {
    const url = parts().signals.serve('/shared', 'the data', keepable);
    const script = fetchThroughProxy(url);
    expect(await run({ data_proxy: true, script })).toBe('the data');
    expect(await run({ data_proxy: true, script })).toBe('the data');
    expect(parts().signals.requests('/shared')).toBe(1);
    const [first, second] = await proxy.loggedTimes(url, 2);
    expect(first).toBe('TCP_MISS/200');
    expect(second).toMatch(kept);
  });

  test('staging fetches through it, and again out of it once the node’s own cache is empty', async () => {
    const url = parts().signals.serve('/staged.txt', 'the data', keepable);
    const fields = { script: 'cat /data/staged.txt', dataurl: url };
    const { client } = parts();
    const { id } = await client.submit(fields);
    const { node } = await client.ended(id);
    expect(await proxy.loggedTimes(url, 1)).toEqual(['TCP_MISS/200']);
    await client.remove(id);
    const collected = await client.json<CacheCollection>(`/v1/node/${node}/cache/gc`, { method: 'POST' });
    expect(collected.removed).toContainEqual(expect.objectContaining({ origin: url }));
    expect(await run(fields)).toBe('the data');
    expect(parts().signals.requests('/staged.txt')).toBe(1);
    const [, second] = await proxy.loggedTimes(url, 2);
    expect(second).toMatch(kept);
  });

  test('who asks for it is told of it, and of what it is not for', async () => {
    const url = `http://data-proxy:${proxy.port}`;
    expect((await variables({ data_proxy: true })).trim().split('\n').toSorted()).toEqual([
      `HTTPS_PROXY=${url}`,
      `NO_PROXY=${itself}`,
      `http_proxy=${url}`,
      `https_proxy=${url}`,
      `no_proxy=${itself}`,
    ]);
  });

  test.each([{ data_proxy: false }, {}])('who does not is told nothing: %j', async (fields) => {
    expect(await variables(fields)).toBe('');
  });

  test('what a user sets stays, and counts in either case', async () => {
    const printed = await variables({ data_proxy: true, env: { HTTP_PROXY: 'http://own:1', no_proxy: '' } });
    const lines = printed.trim().split('\n');
    expect(lines).toContain('HTTP_PROXY=http://own:1');
    expect(lines).toContain('no_proxy=');
    expect(printed).not.toMatch(/^(?:http_proxy|NO_PROXY)=/m);
    expect(printed).toMatch(/^https_proxy=http:\/\/data-proxy:/m);
  });

  test('a container gets nowhere by it that is closed to URLs of users', async () => {
    const { web } = parts();
    const url = web.serve('/loopback', 'secret');
    expect(await run({ data_proxy: true, script: fetchThroughProxy(url) })).toBe('403');
    expect(web.requests('/loopback')).toBe(0);
    expect(await proxy.loggedTimes(url, 1)).toEqual(['TCP_DENIED/403']);
  });

  promiseNothingLeft(parts);
});
