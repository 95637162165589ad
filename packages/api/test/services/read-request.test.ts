import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BlobStore } from '../../src/blobs/blob-store.ts';
import { createServer } from '../../src/server/create-server.ts';
import { readSubmitRequest, releaseFiles } from '../../src/services/submit/read-request.ts';

const limits = { scriptBytes: 64, dataBytes: 64 };
const boundary = 'b0undary';
let dir: string;
let app: FastifyInstance;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boatload-read-request-'));
  const references = { referenced: async () => false, all: async () => new Set<string>() };
  const blobs = await BlobStore.open({ dir, references });
  const { log } = fastify({ logger: { level: 'silent' } });
  const { signal } = new AbortController();
  app = await createServer({
    log,
    version: '1',
    routes: async (server) => {
      server.post('/', { bodyLimit: 64 * 1024 ** 2 }, async (request, reply) => {
        const { files, fields } = await readSubmitRequest(request, { blobs, limits, signal });
        const script = files.script && (await buffer(Readable.from(blobs.open(files.script.lease.digest))));
        await releaseFiles(files);
        void reply.header('x-fields', Object.keys(fields).join());
        return { script: script?.toString('base64') ?? null };
      });
    },
  });
});

afterAll(async () => {
  await app.close();
  expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  await rm(dir, { recursive: true });
});

async function send(type: string, payload: string): Promise<{ script?: string; code?: string }> {
  return (await app.inject({ method: 'POST', url: '/', headers: { 'content-type': type }, payload })).json();
}

function part(name: string, value: string, type = 'text/plain'): string {
  return `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\ncontent-type: ${type}\r\n\r\n${value}\r\n`;
}

const sendForm = (...parts: readonly string[]) =>
  send(`multipart/form-data; boundary=${boundary}`, `${parts.join('')}--${boundary}--\r\n`);

describe('the script of a submission', () => {
  test.each([
    ['base64', '++/+', '++/+'],
    ['base64 in lines', 'AAAA\r\nAAAA\n', 'AAAAAAAA'],
    ['base64 without its padding', 'QQ', 'QQ=='],
    ['null', null, null],
    ['empty text', '', null],
  ])('may be %s', async (_what, script, expected) => {
    expect(await send('application/json', JSON.stringify({ script }))).toEqual({ script: expected });
  });

  test.each([
    ['cut off within a group', 'AAAAA'],
    ['cut off and padded', 'A='],
    ['something else', '#!/bin/sh'],
    ['no text', 5],
  ])('is refused when it is %s', async (_what, script) => {
    expect(await send('application/json', JSON.stringify({ script }))).toMatchObject({ code: 'invalid_field' });
  });

  test('keeps its plus signs in a form that was not encoded', async () => {
    const type = 'application/x-www-form-urlencoded';
    expect(await send(type, 'script=++/+')).toEqual({ script: '++/+' });
    expect(await send(type.toUpperCase(), 'script=%2B%2B/%2B')).toEqual({ script: '++/+' });
  });

  test('is not passed over when a form has it as an object', async () => {
    expect(await sendForm(part('script', '{}', 'application/json'))).toMatchObject({ code: 'invalid_field' });
  });
});

test('the fields of a form may not be more text together than a JSON body', async () => {
  const megabyte = 'x'.repeat(1024 ** 2);
  expect(await sendForm(part('a', megabyte), part('b', megabyte))).toEqual({ script: null });
  const many = ['a', 'b', 'c', 'd', 'e'].map((name) => part(name, megabyte));
  expect(await sendForm(...many)).toMatchObject({ code: 'body_too_large' });
});

test('a file that no field takes is passed over, and known by name to whoever warns of it', async () => {
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="scrpt"; filename="a"\r\n\r\nnot read\r\n`;
  const payload = `${file}${part('image_name', 'alpine')}--${boundary}--\r\n`;
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  const answer = await app.inject({ method: 'POST', url: '/', headers, payload });
  expect([answer.statusCode, answer.headers['x-fields']]).toEqual([200, 'scrpt,image_name']);
});
