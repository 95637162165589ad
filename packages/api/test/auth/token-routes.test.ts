import { Token } from '@boatload/contract';
import { decodeJwt } from 'jose';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoginServer, passwords, startLoginServer } from './login-server.ts';

let server: LoginServer;
beforeAll(async () => {
  server = await startLoginServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const ada = { username: 'ada', password: passwords.ada };
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const text = (body: string, type: string): RequestInit => ({ method: 'POST', headers: { 'content-type': type }, body });
const multipart = (fields: Readonly<Record<string, string>>): RequestInit => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return { method: 'POST', body };
};
const form = (fields: Record<string, string>): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields) });
const post = (path: string, init: RequestInit): Promise<Response> => fetch(`${server.url}${path}`, init);
const tokenOf = async (response: Response): Promise<string> => Value.Parse(Token, await response.json()).token;
const obtain = async (): Promise<string> => tokenOf(await post('/api-token-auth/', json(ada)));

describe('POST /api-token-auth/', () => {
  it.each([
    ['JSON', json(ada)],
    ['a form', form(ada)],
    ['multipart', multipart(ada)],
    ['a name with spaces around it', json({ ...ada, username: ' ada\n' })],
  ])('answers a token, asked by %s', async (_how, init) => {
    const response = await post('/api-token-auth/', init);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(decodeJwt(await tokenOf(response))).toMatchObject({ user_id: 7, username: 'ada', email: 'ada@example.org' });
  });

  it('works without its trailing slash', async () => {
    expect((await post('/api-token-auth', json(ada))).status).toBe(200);
  });

  const required = 'This field is required.';
  const refused: readonly (readonly [string, RequestInit, number, string, object])[] = [
    [
      'a wrong password',
      json({ ...ada, password: 'wrong' }),
      400,
      'bad_credentials',
      { non_field_errors: ['Unable to log in with provided credentials.'] },
    ],
    [
      'an unknown user',
      json({ ...ada, username: 'nobody' }),
      400,
      'bad_credentials',
      { non_field_errors: ['Unable to log in with provided credentials.'] },
    ],
    [
      'an inactive user',
      json({ username: 'gone', password: passwords.gone }),
      400,
      'bad_credentials',
      { non_field_errors: ['Unable to log in with provided credentials.'] },
    ],
    ['no name', json({ password: 'x' }), 400, 'invalid_field', { username: [required], field: 'username' }],
    ['nothing', json({}), 400, 'invalid_field', { username: [required], password: [required] }],
    ['no body', { method: 'POST' }, 400, 'invalid_field', { username: [required], password: [required] }],
    ['a blank', form({ ...ada, password: '' }), 400, 'invalid_field', { password: ['This field may not be blank.'] }],
    ['null', json({ ...ada, username: null }), 400, 'invalid_field', { username: ['This field may not be null.'] }],
    ['a list in a field', json({ ...ada, username: [] }), 400, 'invalid_field', { username: ['Not a valid string.'] }],
    [
      'a list',
      json([ada]),
      400,
      'invalid_field',
      { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] },
    ],
    ['broken JSON', text('{"username": "ada"', 'application/json'), 400, 'bad_json', {}],
    ['broken multipart', text('--x\r\n', 'multipart/form-data; boundary=x'), 400, 'bad_multipart', {}],
    ['another type', text('<a/>', 'application/xml'), 415, 'unsupported_media_type', {}],
    ['a huge body', json({ ...ada, password: 'x'.repeat(70_000) }), 413, 'body_too_large', {}],
    ['a prototype', text('{"__proto__": {"username": "ada"}}', 'application/json'), 400, 'invalid_field', {}],
  ];
  it.each(refused)('refuses %s', async (_what, init, status, code, keys) => {
    const response = await post('/api-token-auth/', init);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status, code, ...keys });
  });

  it('is there for POST only', async () => {
    expect((await fetch(`${server.url}/api-token-auth/`)).status).toBe(405);
  });

  it('refuses an eleventh attempt within five minutes, even a right one, and says how long to wait', async () => {
    await using strict = await startLoginServer();
    const attempt = (password: string) => fetch(`${strict.url}/api-token-auth/`, json({ username: 'ada', password }));
    // All at once: an attempt counts from its start.
    const answers = await Promise.all(Array.from({ length: 15 }, () => attempt('wrong')));
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
    const refusal = await attempt(passwords.ada);
    expect(await refusal.json()).toMatchObject({
      status: 429,
      code: 'too_many_requests',
      detail: expect.stringContaining('Request was throttled. Expected available in 300 seconds.'),
    });
    expect(refusal.headers.get('retry-after')).toBe('300');
    strict.pass(300);
    expect((await attempt(passwords.ada)).status).toBe(200);
  });
});

describe('POST /api-token-verify/ and /api-token-refresh/', () => {
  it('answer the token itself, and one that is good for longer', async () => {
    const token = await obtain();
    server.pass(60);
    const verified = await post('/api-token-verify/', json({ token }));
    expect([verified.status, await verified.json()]).toEqual([200, { token }]);
    for (const body of [json({ token }), form({ token }), multipart({ token })]) {
      const refreshed = await tokenOf(await post('/api-token-refresh/', body));
      const [before, after] = [decodeJwt(token), decodeJwt(refreshed)];
      expect(after).toEqual({ ...before, exp: (before.exp ?? 0) + 60 });
    }
  });

  const paths = ['/api-token-verify/', '/api-token-refresh/'] as const;
  it.each(paths)('%s refuses an expired token', async (path) => {
    const token = await obtain();
    server.pass(3_600);
    const response = await post(path, json({ token }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'token_rejected',
      non_field_errors: ['Signature has expired.'],
    });
  });

  it.each(paths)('%s refuses what is no token', async (path) => {
    const token = await obtain();
    for (const bad of ['x', 'a.b.c', `${token}x`, token.slice(1)]) {
      expect(await (await post(path, json({ token: bad }))).json()).toMatchObject({
        status: 400,
        non_field_errors: ['Error decoding signature.'],
      });
    }
    const missing = await (await post(path, json({}))).json();
    expect(missing).toMatchObject({ status: 400, token: ['This field is required.'] });
  });

  it('say after seven days that the refresh has expired', async () => {
    let token = await obtain();
    for (let half = 0; half < 7 * 24 * 2; half += 1) {
      server.pass(1_800);
      token = await tokenOf(await post('/api-token-refresh/', json({ token })));
    }
    server.pass(1);
    const response = await post('/api-token-refresh/', json({ token }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ non_field_errors: ['Refresh has expired.'] });
  });
});
