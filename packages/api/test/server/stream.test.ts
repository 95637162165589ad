import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { sendLive, takeBytes } from '../../src/server/stream.ts';

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const each of texts) yield Buffer.from(each);
}

describe('a file that changes while it is sent', () => {
  test.each([
    ['that stayed as it was is sent whole', ['abc', 'def'], 6, 'abcdef'],
    ['that grew ends where it was announced to', ['abc', 'def', 'ghi'], 4, 'abcd'],
    ['that was empty and grew stays empty', ['abc'], 0, ''],
    ['that is empty is sent', [], 0, ''],
  ] as const)('one %s', async (_what, parts, length, expected) => {
    expect(await text(Readable.from(takeBytes(chunks(...parts), length)))).toBe(expected);
  });

  test('one that shrank fails instead of ending short', async () => {
    await expect(text(Readable.from(takeBytes(chunks('ab'), 3)))).rejects.toMatchObject({ code: 'conflict' });
  });
});

test('HEAD of a live answer does not wait for it', async () => {
  const app = fastify();
  app.get('/', (_request, reply) => sendLive(reply.type('text/plain'), forEver()));
  const answer = await app.inject({ method: 'HEAD', url: '/' });
  expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([200, 'text/plain', '']);
  await app.close();
});

async function* forEver(): AsyncGenerator<string> {
  await new Promise(() => undefined);
  yield 'never';
}
