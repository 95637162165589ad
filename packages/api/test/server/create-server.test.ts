import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { createServer } from '../../src/server/create-server.ts';

const type = { 'content-type': 'application/json' };

async function startServer() {
  const { log } = fastify({ logger: { level: 'silent' } });
  return await createServer({
    log,
    version: '1',
    routes: async (app) => {
      app.delete('/thing', async (_request, reply) => reply.code(204).send());
      app.post('/thing', async ({ body }) => ({ body: body ?? null }));
    },
  });
}

describe('a request that says it is JSON', () => {
  test('may be a DELETE without a body', async () => {
    await using app = await startServer();
    expect((await app.inject({ method: 'DELETE', url: '/thing', headers: type })).statusCode).toBe(204);
  });

  test.each(['{', 'null,', '{"__proto__": {}}'])('is refused when its body is %s', async (payload) => {
    await using app = await startServer();
    const answer = await app.inject({ method: 'POST', url: '/thing', headers: type, payload });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'bad_json']);
  });
});

test.each([
  ['text/plain', 'abc'],
  ['application/json', '{'],
])('a method that a path does not have is refused as such, whatever its body is (%s)', async (contentType, payload) => {
  await using app = await startServer();
  const headers = { 'content-type': contentType };
  const answer = await app.inject({ method: 'PUT', url: '/thing', headers, payload });
  expect([answer.statusCode, answer.headers.allow, answer.json().code]).toEqual([
    405,
    'DELETE, POST',
    'method_not_allowed',
  ]);
});
