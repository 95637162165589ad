import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, Problem, Token } from '@boatload/contract';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits, hashPassword, type RunningService, startService } from '../../src/index.ts';
import { EngineGate } from '../reconciler/engine-gate.ts';

const passwords = { admin: 'for all of it', nora: 'for her own' } as const;
type Name = keyof typeof passwords;
type Answer = { readonly status: number; readonly body: unknown };

let folder: string;
let gate: EngineGate;
let service: RunningService;
let node: string;
const tokens = new Map<Name, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boatload-node-routes-'));
  gate = await EngineGate.open();
  const usersFile = join(folder, 'users.json');
  await writeFile(usersFile, JSON.stringify([await userOf('admin', 1), await userOf('nora', 2)]));
  const { dockerHost } = gate;
  const cacheQuota = { bytes: 1_000_000 };
  const config = { host: '127.0.0.1', port: 0, dataDir: join(folder, 'state'), dockerHost, usersFile, cacheQuota };
  service = await startService({ ...config, limits: defaultLimits }, pino({ level: 'silent' }));
  await Promise.all([logIn('admin'), logIn('nora')]);
  const [first] = (await call('nora', 'GET', '/v1/node/')).body as Node[];
  node = first?.node ?? expect.unreachable();
});
afterAll(async () => {
  await service.close();
  await gate[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function userOf(username: Name, pk: number): Promise<unknown> {
  const password = await hashPassword(passwords[username], { algorithm: 'argon2id' });
  return { model: 'auth.user', pk, fields: { username, password, is_superuser: username === 'admin' } };
}

async function logIn(username: Name): Promise<void> {
  const body = new URLSearchParams({ username, password: passwords[username] });
  const answer = await fetch(`${service.url}/api-token-auth/`, { method: 'POST', body });
  const { token }: Token = JSON.parse(await answer.text());
  tokens.set(username, token);
}

async function call(name: Name, method: string, path: string, body?: string | URLSearchParams): Promise<Answer> {
  const headers = new Headers({ authorization: `JWT ${tokens.get(name)}` });
  if (typeof body === 'string') headers.set('content-type', 'application/json');
  const answer = await fetch(`${service.url}${path}`, { method, headers, body: body ?? null });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

function problem(status: number, code: string, more: Partial<Problem> = {}): unknown {
  return { status, body: expect.objectContaining({ code, ...more }) };
}

describe('a node', () => {
  test('is described to whoever is logged in', async () => {
    const { status, body } = await call('nora', 'GET', `/v1/node/${node}/`);
    expect([status, body]).toEqual([
      200,
      {
        node,
        cpus: expect.any(Number),
        memory: expect.any(Number),
        engine: {
          name: expect.any(String),
          version: expect.stringMatching(/^\d+\./),
          storage_driver: expect.any(String),
        },
        cache_quota: 1_000_000,
        reason: null,
      },
    ]);
    expect(await call('nora', 'GET', `/v1/node/${node}`)).toEqual({ status, body });
    expect(await call('admin', 'GET', '/v1/node')).toEqual({ status, body: [body] });
  });

  test.each(['nowhere', '%00', 'x'.repeat(300)])('that there is not is not found: %s', async (name) => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/cache/'],
      ['DELETE', '/cache/x/'],
      ['POST', '/cache/gc'],
    ] as const) {
      const answer = await call('admin', method, `/v1/node/${name}${path}`);
      expect(answer, path).toEqual(problem(404, 'node_not_found'));
    }
  });

  test('is listed with the reason while its Engine does not answer', async () => {
    await gate.cut();
    try {
      const { body } = await call('nora', 'GET', '/v1/node/');
      const silent = { cpus: null, memory: null, engine: null, cache_quota: 1_000_000 };
      expect(body).toEqual([{ node, ...silent, reason: expect.stringMatching(/Engine/) }]);
    } finally {
      await gate.restore();
    }
  });
});

describe('what a node keeps', () => {
  test('is nothing in the beginning', async () => {
    expect(await call('admin', 'GET', `/v1/node/${node}/cache/`)).toEqual({ status: 200, body: [] });
  });

  test('is neither shown to others than admins, nor removed by them', async () => {
    for (const [method, path] of [
      ['GET', '/cache/'],
      ['DELETE', '/cache/x/'],
      ['POST', '/cache/gc'],
    ] as const) {
      expect(await call('nora', method, `/v1/node/${node}${path}`), path).toEqual(problem(403, 'forbidden'));
    }
  });

  test('does not have an entry that was never made', async () => {
    for (const id of ['x', '..%2f..', 'gcx', '%00', 'y'.repeat(300)]) {
      const answer = await call('admin', 'DELETE', `/v1/node/${node}/cache/${id}/`);
      expect(answer, id).toEqual(problem(404, 'cache_entry_not_found'));
    }
  });

  test.each([
    ['nothing', undefined],
    ['an empty body that is JSON', ''],
    ['an empty object', '{}'],
    ['null, which means absent', '{"unused_for": null}'],
    ['a number', '{"unused_for": 0.5}'],
    ['a form', new URLSearchParams({ unused_for: '3600' })],
  ])('is collected when asked by %s', async (_what, body) => {
    const collected = { status: 200, body: { removed: [], bytes: 0 } };
    expect(await call('admin', 'POST', `/v1/node/${node}/cache/gc`, body)).toEqual(collected);
    expect(await call('admin', 'POST', `/v1/node/${node}/cache/gc/`, body)).toEqual(collected);
  });

  test.each([
    ['a list', '[]', 'bad_json', undefined],
    ['a number alone', '7', 'bad_json', undefined],
    ['a field that is misspelt', '{"unusedfor": 86400}', 'unknown_field', 'unusedfor'],
    ['words', '{"unused_for": "7d"}', 'invalid_field', 'unused_for'],
    ['a blank', '{"unused_for": " "}', 'invalid_field', 'unused_for'],
    ['a time to come', '{"unused_for": -1}', 'invalid_field', 'unused_for'],
    ['an endless time', '{"unused_for": 1e300}', 'invalid_field', 'unused_for'],
    ['a list of times', '{"unused_for": [0]}', 'invalid_field', 'unused_for'],
  ])('is not collected when asked by %s', async (_what, body, code, field) => {
    const answer = await call('admin', 'POST', `/v1/node/${node}/cache/gc`, body);
    expect(answer).toEqual(problem(400, code, field === undefined ? {} : { field }));
  });
});
