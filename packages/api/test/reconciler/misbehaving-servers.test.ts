import { createHash } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import type { FetcherOptions } from '@boatload/fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  content,
  type MisbehavingServer,
  newContent,
  serveMisbehaviour,
} from '../../../fetch/test/harness/misbehaving-server.ts';
import type { StoredContainer } from '../../src/store/records.ts';
import { outputOf, ReconcilerRig, remove, type Service, submit, until } from './reconciler-rig.ts';

/** The name leads to the test's server when it is looked up first, and to the cloud's metadata ever after. */
const turncoat = 'turncoat.example';
const lookups = new Map<string, number>();
const lookup: LookupFunction = (host, _options, callback) => {
  const count = (lookups.get(host) ?? 0) + 1;
  lookups.set(host, count);
  callback(null, [{ address: count === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]);
};

/** As little patience as tests have; a server of this machine may be asked, its other addresses stay closed. */
const fetching: FetcherOptions = {
  policy: { allow: ['127.0.0.1'] },
  lookup,
  limits: { retries: 3, firstPauseMs: 1, idleMs: 250, rateWindowMs: 250, leastBytesPerMinute: 60_000 },
};

let rig: ReconcilerRig;
let service: Service;
let server: MisbehavingServer;

beforeAll(async () => {
  rig = await ReconcilerRig.open();
  service = await rig.start({ fetching });
  server = await serveMisbehaviour();
});

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

describe('a container whose data come from a server that', () => {
  test.each<[title: string, path: string, requests: number, came: Buffer]>([
    ['cuts every answer', '/cut-in-quarters', 4, content],
    ['cuts an answer and has no validator', '/cut-nameless', 2, content],
    ['stands still once', '/stalls-once', 2, content],
    ['has no time once', '/busy-once', 2, content],
    ['answers 416 when it should go on', '/unsatisfiable', 3, content],
    ['has a new ETag for the second part', '/replaced', 3, newContent],
    ['has a new length for the second part', '/grown', 3, newContent],
    ['sends another part than was asked for', '/wrong-part', 3, content],
  ])('%s exits with 0 all the same, on whole data (%s: %d requests)', async (_title, path, requests, came) => {
    const ended = await end(await submitData(`${server.url}${path}`));
    expect(ended, `${ended.reason}`).toMatchObject(exitedWell);
    expect(await outputOf(service, ended.id)).toBe(`${createHash('sha256').update(came).digest('hex')}  -\n`);
    expect(asked(path)).toBe(requests);
    await remove(service, ended.id);
  });

  test.each<[title: string, path: string, code: string, words: RegExp, requests: number]>([
    ['sends less than it announces', '/too-short', 'fetch_failed', /closed.*tried 4 times, 40000 of 40010 bytes/, 4],
    ['sends more than it announces', '/too-long', 'fetch_failed', /more than the length that it announced/, 1],
    ['cuts at the same place each time', '/cut-always', 'fetch_failed', /closed.*20000 of 40000 bytes came/, 4],
    ['resets connections', '/reset', 'fetch_failed', /connection was closed.*nothing came/, 4],
    ['drips', '/drip', 'fetch_failed', /comes too slowly \(\d+ bytes in 0\.\d s\)/, 4],
    ['stands still', '/stalled', 'fetch_failed', /nothing came for 0\.3 s/, 4],
    ['says nothing', '/silent', 'fetch_failed', /no answer in time/, 4],
    ['redirects in a loop', '/loop', 'fetch_failed', /redirects more than 5 times/, 6],
    ['redirects to loopback', '/to-loopback', 'fetch_refused', /Nothing is fetched from 127\.0\.0\.2/, 1],
    ['redirects to loopback in IPv6', '/to-loopback-v6', 'fetch_refused', /Nothing is fetched from ::1/, 1],
    ['redirects to the metadata', '/to-metadata', 'fetch_refused', /Nothing is fetched from 169\.254\.169\.254/, 1],
    ['redirects to a file', '/to-file', 'fetch_refused', /leads to a file: address/, 1],
    ['changed nothing that anybody asked for', '/not-modified-unasked', 'fetch_failed', /304/, 1],
    ['sends a part unasked', '/part-unasked', 'fetch_failed', /a part although the whole was asked for/, 4],
    ['does not speak HTTP', '/not-http', 'fetch_failed', /not HTTP/, 4],
    ['has no such file', '/status/404', 'fetch_failed', /nothing at this URL.*tried once/, 1],
  ])('%s fails with a reason that says so (%s: %s)', async (_title, path, code, words, requests) => {
    const url = `http://user:pass-word@127.0.0.1:${server.port}${path}?token=sec-ret`;
    await expectFailure(await submitData(url), code, words);
    expect(asked(path)).toBe(requests);
  });
});

describe('a name that leads elsewhere after it was checked', () => {
  test('is not looked up again to connect to it: the data come from where it led', async () => {
    lookups.clear();
    const ended = await end(await submitData(`http://${turncoat}:${server.port}/steady`));
    expect(ended).toMatchObject(exitedWell);
    expect(lookups.get(turncoat)).toBe(1);
    await remove(service, ended.id);
  });

  test.each([
    ['behind a redirect', '/hops/1'],
    ['at the next try', '/reset'],
  ])('fails the container %s, with a reason that names the address', async (_title, path) => {
    lookups.clear();
    const before = asked(path);
    const id = await submitData(`http://${turncoat}:${server.port}${path}`);
    await expectFailure(id, 'fetch_refused', /Nothing is fetched from turncoat\.example \(169\.254\.169\.254\)/);
    expect(asked(path)).toBe(before + 1);
  });
});

const exitedWell = { state: 'exited', reasonCode: null, attempts: [{ exit_code: 0 }] };

/** Submits a container that tells the SHA-256 of the one file that its data are. */
async function submitData(url: string): Promise<string> {
  const data = { kind: 'url', url } as const;
  return await submit(service, 'cat * | sha256sum', { data, datapath: '/data', workdir: '/data' });
}

async function end(id: string): Promise<StoredContainer> {
  return await until(service, id, ({ state }) => state === 'exited' || state === 'failed');
}

/** What is shown of a container must say what happened, to whom it concerns, and nothing secret. */
async function expectFailure(id: string, code: string, words: RegExp): Promise<void> {
  const { state, reasonCode, reason, attempts, timeline } = await end(id);
  const told = { state: 'failed', reason_code: code, reason: expect.stringMatching(words) };
  expect({ state, reason_code: reasonCode, reason }).toEqual(told);
  expect(attempts).toMatchObject([{ ...told, exit_code: null }]);
  expect(timeline.at(-1)).toMatchObject(told);
  // A sentence, with what to do next.
  expect(reason).toMatch(/^[A-Zh].*[.:].*\.$/s);
  expect(JSON.stringify({ reason, attempts, timeline })).not.toMatch(/user|pass-word|sec-ret|token/);
  await remove(service, id);
}

function asked(path: string): number {
  return server.seen.filter((request) => request.path === path).length;
}
