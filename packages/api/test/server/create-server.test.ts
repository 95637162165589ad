import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
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

describe('what is no HTTP request', () => {
  test.each([
    ['another protocol', 'GARBAGE\r\n\r\n', /not HTTP\/1\.1/],
    ['too much of a header', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, /larger than 16 KiB/],
  ])('is answered with a problem, too: %s', async (_what, sent, advice) => {
    await using app = await startServer();
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(sent);
    const answer = await text(socket);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json/s);
    expect(JSON.parse(body)).toMatchObject({ code: 'bad_request', detail: expect.stringMatching(advice) });
  });
});
