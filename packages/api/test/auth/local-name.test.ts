import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoginServer, passwords, startLoginServer } from './login-server.ts';

let untouched: LoginServer;
let secured: LoginServer;
beforeAll(async () => {
  untouched = await startLoginServer({ untouched: true });
  secured = await startLoginServer();
});
afterAll(async () => {
  await untouched[Symbol.asyncDispose]();
  await secured[Symbol.asyncDispose]();
});

/** Logs in under a name, as a browser would to which that name resolved to our address. */
function logInUnder(name: string, server: LoginServer, password: string): Promise<unknown> {
  const headers = { host: `${name}:${new URL(server.url).port}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    request(`${server.url}/api-token-auth/`, { method: 'POST', headers }, (answer) => resolve(json(answer)))
      .on('error', reject)
      .end(JSON.stringify({ username: 'admin', password }));
  });
}

const token = { token: expect.any(String) };

describe('the log-in admin/admin', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', 'LOCALHOST', 'boat.localhost', '[::1]'])(
    'works under the name %s',
    async (name) => {
      expect(await logInUnder(name, untouched, 'admin')).toEqual(token);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '[::2]'])(
    'does not work under the name %s',
    async (name) => {
      expect(await logInUnder(name, untouched, 'admin')).toMatchObject({ status: 403, code: 'forbidden' });
    },
  );
});

it('a password of its own works under every name', async () => {
  expect(await logInUnder('boatload.example', secured, passwords.admin)).toEqual(token);
});
