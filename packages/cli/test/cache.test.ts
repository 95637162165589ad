import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { defaultLimits, hashPassword, type RunningService, startService } from '@boatload/api';
import type { CacheEntry, Container } from '@boatload/contract';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, runBoatload, runOnTerminal } from './run-boatload.ts';

const passwords = { admin: 'admin', nora: 'for her own' } as const;

let folder: string;
let web: Server;
let service: RunningService;
let token: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boatload-cache-'));
  const usersFile = join(folder, 'users.json');
  await writeFile(usersFile, JSON.stringify(await Promise.all([userOf('admin', 1), userOf('nora', 2)])));
  web = createServer((request, response) => response.end(`The content of ${request.url}\n`)).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const fetchConfig = { policy: { allow: ['127.0.0.1'] } };
  const config = { host: '127.0.0.1', port: 0, dataDir: join(folder, 'state'), usersFile, fetch: fetchConfig };
  const cacheQuota = { bytes: 64 * 1024 ** 2 };
  service = await startService({ ...config, cacheQuota, limits: defaultLimits }, pino({ level: 'silent' }));
  const login = new URLSearchParams({ username: 'admin', password: passwords.admin });
  const answer = await fetch(`${service.url}/api-token-auth/`, { method: 'POST', body: login });
  ({ token } = JSON.parse(await answer.text()));
});
afterAll(async () => {
  for (const { id } of await api<Container[]>('/v1/container/')) await removeContainer(id);
  await service.close();
  web.closeAllConnections();
  web.close();
  await rm(folder, { recursive: true, force: true });
});

async function userOf(username: keyof typeof passwords, pk: number): Promise<unknown> {
  const password = await hashPassword(passwords[username], { algorithm: 'argon2id' });
  return { model: 'auth.user', pk, fields: { username, password, is_superuser: username === 'admin' } };
}

/** JSON of the service's answer; `null` where there is none. */
async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { authorization: `JWT ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${service.url}${path}`, { ...init, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text === '' ? 'null' : text);
}

const urlOf = (path: string): string => `http://127.0.0.1:${(web.address() as AddressInfo).port}${path}`;

/** A container that runs with data from a URL. */
async function runWith(path: string): Promise<string> {
  const image = { image_name: 'boatload/sample', pull: 'never', container_args: ['sleep', '3600'] };
  const body = JSON.stringify({ ...image, dataurl: urlOf(path) });
  const { id } = await api<Container>('/v1/container/?strict=true', { method: 'POST', body });
  for (const deadline = Date.now() + 60_000; ; await pause(50)) {
    const { state, reason } = await api<Container>(`/v1/container/${id}/`);
    if (state === 'running') return id;
    if (state === 'failed' || Date.now() > deadline) throw new Error(`${id} is ${state}: ${reason}`);
  }
}

async function removeContainer(id: string): Promise<void> {
  await api(`/v1/container/${id}/?grace=0`, { method: 'DELETE' });
}

/** What answers as a service of two nodes does, of which the second cannot tell what it keeps. */
async function startFleet() {
  const at = '2026-01-31T10:00:00Z';
  const origin = 'https://data.example.org/a.zip';
  const facts = { origin, sha256: '0'.repeat(64), form: 'tree', bytes: 5_120, in_use: 0 } as const;
  const entry: CacheEntry = { id: 'feed', node: 'pier-1', ...facts, created_at: at, last_used_at: at };
  const unknown = { cpus: null, memory: null, engine: null, cache_quota: null };
  const nodes = ['pier-1', 'pier-2'].map((node) => ({ node, ...unknown, reason: null }));
  const answers: Readonly<Record<string, unknown>> = {
    '/api-token-auth/': { token: 'a.b.c' },
    '/v1/node/': nodes,
    '/v1/node/pier-2/': nodes[1],
    '/v1/node/pier-1/cache/': [entry],
    '/v1/node/pier-1/cache/gc': { removed: [entry], bytes: entry.bytes },
  };
  const server = createServer(({ method, url = '' }, response) => {
    const isKnown = answers[url] !== undefined;
    if (method === 'DELETE') response.writeHead(204).end();
    else if (isKnown) response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers[url]));
    else
      response
        .writeHead(500, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'internal', detail: 'Its disk is gone.' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, entry, [Symbol.asyncDispose]: close };
}

const kept = (): Promise<CacheEntry[]> =>
  cache(['ls', '--json']).then(({ stdout, stderr }) => {
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  });

/** `boatload cache` with these words, of the service of this test. */
function cache(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runBoatload(['cache', ...words], { env: { BOATLOAD_URL: service.url, ...env } });
}

describe('boatload cache', () => {
  test('says that nothing is kept, as long as nothing is', async () => {
    const stdout = 'The cache is empty; it may take 64.0 MiB.\n';
    expect(await cache(['ls'])).toEqual({ code: 0, stdout, stderr: '' });
    expect(await cache(['gc'])).toEqual({ code: 0, stdout: 'There was nothing to remove.\n', stderr: '' });
  });

  test('lists what is kept, removes one entry or all, but none that is in use', async () => {
    const running = await runWith('/used?secret=1');
    await removeContainer(await runWith('/one'));
    await removeContainer(await runWith('/two'));

    const listed = await cache(['ls']);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    const [head = '', ...rows] = listed.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ID +FORM +SIZE +USED BY +LAST USED +FROM$/);
    expect(rows.filter((row) => row.endsWith(`  just now   ${urlOf('/used')}`))).toEqual([
      expect.stringMatching(/^\S+ +tree +\d.* [KM]?i?B +1 container /),
    ]);
    expect(rows.filter((row) => / nobody +just now +http:/.test(row))).toHaveLength(2);
    expect(rows.at(-1)).toMatch(/^3 entries, \d.* of at most 64\.0 MiB\.$/);
    expect(listed.stdout).not.toContain('secret');

    const entries = await kept();
    const idOf = (path: string): string => entries.find(({ origin }) => origin === urlOf(path))?.id ?? path;
    const inUse = await cache(['rm', idOf('/used'), idOf('/one').slice(0, 8)]);
    expect(inUse).toEqual({
      code: 1,
      stdout: expect.stringMatching(`^Removed ${idOf('/one')}, .*\\.\n$`),
      stderr: expect.stringMatching(idOf('/used')),
    });
    expect((await kept()).map(({ id }) => id).toSorted()).toEqual([idOf('/used'), idOf('/two')].toSorted());

    expect((await cache(['gc', '--unused-for', '1h'])).stdout).toBe('There was nothing to remove.\n');
    const collected = await cache(['gc']);
    expect(collected).toMatchObject({ code: 0, stderr: '' });
    expect(collected.stdout).toMatch(RegExp(`^Removed ${idOf('/two')}, .*\n1 entry removed, .* freed\\.\n$`));
    expect((await kept()).map(({ id }) => id)).toEqual([idOf('/used')]);
    await removeContainer(running);
    expect((await cache(['gc'])).stdout).toContain('1 entry removed');
    expect(await kept()).toEqual([]);
  });

  test('is about one node, where one is named', async () => {
    const [node] = await api<{ node: string }[]>('/v1/node/');
    expect(await cache(['ls', '--node', node?.node ?? ''])).toMatchObject({ code: 0 });
    const elsewhere = await cache(['ls', '--node', 'nowhere']);
    expect(elsewhere).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('no node "nowhere"') });
  });

  const refusals: readonly (readonly [string, () => Promise<Ended>, RegExp])[] = [
    ['no entry of that name', () => cache(['rm', 'nonsense']), /"nonsense".*boatload cache ls/],
    ['a wrong password', () => cache(['ls'], { BOATLOAD_PASSWORD: 'x' }), /"admin" with this password.*BOATLOAD_PASSW/],
    ['a user without a password', () => cache(['ls', '--user', 'nora']), /no password for nora.*BOATLOAD_PASSWORD/],
    [
      'a user who is no admin',
      () => cache(['ls'], { BOATLOAD_USER: 'nora', BOATLOAD_PASSWORD: passwords.nora }),
      /Only an admin/,
    ],
    ['no service', () => cache(['ls', '--url', 'http://127.0.0.1:9']), /No BoatLoad service.*boatload up.*--url/],
    ['another service', () => cache(['gc'], { BOATLOAD_URL: urlOf('') }), /no BoatLoad service \(HTTP 200\).*--url/],
  ];
  test.each(refusals)('with %s says what to do, without a stack', async (_what, run, sentence) => {
    const { code, stdout, stderr } = await run();
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([code, stdout]).toEqual([1, '']);
  });

  test('takes no log-in in the URL, where whoever lists processes would see it', async () => {
    const { code, stderr } = await cache(['ls', '--url', 'http://admin:hidden@127.0.0.1:8000']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--user, and BOATLOAD_PASSWORD')]);
  });

  test('tries no default password at another machine', async () => {
    const { code, stderr } = await cache(['ls', '--url', 'http://192.0.2.1:8000']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('BOATLOAD_PASSWORD')]);
  });

  test('asks for the password on a terminal, and does not show it', async () => {
    const words = ['cache', 'ls', '--user', 'admin', '--url', service.url];
    const { code, stdout } = await runOnTerminal(words, [`${passwords.admin}\r`]);
    expect(stdout).toMatch(/^Password of admin at http:\S+: \r\nThe cache is empty/);
    expect(code).toBe(0);
  });

  test('tells of the other nodes where one is silent, and which it is', async () => {
    await using fleet = await startFleet();
    const address = { BOATLOAD_URL: fleet.url };
    const stderr = 'boatload: The node pier-2 cannot do it: Its disk is gone.\n';
    const listed = await cache(['ls'], address);
    expect(listed).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^ID.*\nfeed +tree .*\n1 entry, 5\.0 KiB/),
      stderr,
    });
    const json = await cache(['ls', '--json'], address);
    expect({ ...json, stdout: JSON.parse(json.stdout) }).toEqual({ code: 1, stdout: [fleet.entry], stderr });
    const collected = await cache(['gc'], address);
    expect(collected).toEqual({ code: 1, stdout: expect.stringContaining('Removed feed, 5.0 KiB.\n1 entry'), stderr });
    expect(await cache(['rm', 'fe'], address)).toEqual({ code: 1, stdout: 'Removed feed, 5.0 KiB.\n', stderr });
    const missing = await cache(['rm', 'nonsense'], address);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/"nonsense".*\nThe node pier-2 cannot do it/);
    const alone = await cache(['ls', '--node', 'pier-2'], address);
    expect(alone).toEqual({ code: 1, stdout: '', stderr });
  });

  test('is broken off by Ctrl-C while a service is silent', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      const { code, stderr } = await runBoatload(['cache', 'gc', '--url', `http://127.0.0.1:${port}`], {
        onStart: (child) => silent.once('request', () => child.kill('SIGINT')),
      });
      expect([code, stderr]).toEqual([1, expect.stringContaining('Broken off')]);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});
