import { createHmac } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from './browser.ts';
import { type LoginServer, passwords, startLoginServer } from './login-server.ts';

let server: LoginServer;
let good: string;
beforeAll(async () => {
  server = await startLoginServer();
  good = await sign({});
});
afterAll(() => server[Symbol.asyncDispose]());

interface Claims {
  readonly [claim: string]: unknown;
}

/** A token as the server makes them, but for the claims given, signed with its key or another. */
function sign(claims: Claims, key: Uint8Array = server.tokenKey): Promise<string> {
  const now = server.seconds();
  const usual = { user_id: 7, username: 'ada', exp: now + 3_600, email: '', orig_iat: now };
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ typ: 'JWT', alg: 'HS256' }).sign(key);
}

function tamper(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  const forged = Buffer.from(JSON.stringify({ ...claims, user_id: 3, username: 'admin' })).toString('base64url');
  return [header, forged, signature].join('.');
}

/** The same payload, signed with the server's key by another algorithm of the family. */
function signBySha512(token: string): string {
  const header = Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'HS512' })).toString('base64url');
  const signed = `${header}.${token.split('.')[1]}`;
  return `${signed}.${createHmac('sha512', server.tokenKey).update(signed).digest('base64url')}`;
}

describe('Authorization', () => {
  it.each([
    ['JWT', () => `JWT ${good}`],
    ['jwt', () => `jwt ${good}`],
    ['Bearer', () => `Bearer ${good}`],
    ['BEARER, with more spaces', () => `BEARER   ${good}  `],
  ])('%s and a good token log in, for every method, without CSRF', async (_how, authorization) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await fetch(`${server.url}/v1/me`, { method, headers: { authorization: authorization() } });
      expect([response.status, await response.json()]).toEqual([200, { id: 7, username: 'ada', admin: false }]);
    }
  });

  const none = 'Authentication credentials were not provided.';
  const undecodable = 'Error decoding signature.';
  const refused: readonly (readonly [string, () => string | Promise<string>, string, string])[] = [
    ['nothing', () => '', 'not_authenticated', none],
    ['Basic', () => `Basic ${btoa(`ada:${passwords.ada}`)}`, 'not_authenticated', none],
    ['another scheme', () => `Token ${good}`, 'not_authenticated', none],
    ['a token without a scheme', () => good, 'not_authenticated', none],
    ['JWT alone', () => 'JWT', 'invalid_token', 'Invalid Authorization header. No credentials provided.'],
    ['Bearer alone', () => 'Bearer ', 'invalid_token', 'Invalid Authorization header. No credentials provided.'],
    [
      'a token with a space',
      () => `JWT ${good} x`,
      'invalid_token',
      'Invalid Authorization header. Credentials string should not contain spaces.',
    ],
    ['garbage', () => 'JWT garbage', 'invalid_token', undecodable],
    ['three dots of garbage', () => 'JWT a.b.c', 'invalid_token', undecodable],
    ['a forged payload', () => `JWT ${tamper(good)}`, 'invalid_token', undecodable],
    ['a cut signature', () => `JWT ${good.slice(0, -2)}`, 'invalid_token', undecodable],
    ['no signature', () => `JWT ${good.slice(0, good.lastIndexOf('.') + 1)}`, 'invalid_token', undecodable],
    ['another key', async () => `JWT ${await sign({}, Buffer.alloc(32, 9))}`, 'invalid_token', undecodable],
    ['another algorithm under our key', () => `JWT ${signBySha512(good)}`, 'invalid_token', undecodable],
    [
      'alg none',
      () => `JWT ${new UnsecuredJWT({ user_id: 3, username: 'admin', exp: 9_999_999_999 }).encode()}`,
      'invalid_token',
      undecodable,
    ],
    [
      'an expired token',
      async () => `JWT ${await sign({ exp: server.seconds() })}`,
      'expired_token',
      'Signature has expired.',
    ],
    [
      'a token without an end',
      async () => `JWT ${await sign({ exp: undefined })}`,
      'invalid_token',
      'Invalid payload.',
    ],
    [
      'a token without a user',
      async () => `JWT ${await sign({ user_id: undefined })}`,
      'invalid_token',
      'Invalid payload.',
    ],
    ['an unknown user', async () => `JWT ${await sign({ user_id: 99 })}`, 'invalid_token', 'Invalid signature.'],
    ["another user's number", async () => `JWT ${await sign({ user_id: 3 })}`, 'invalid_token', 'Invalid signature.'],
    [
      'an inactive user',
      async () => `JWT ${await sign({ user_id: 8, username: 'gone' })}`,
      'invalid_token',
      'User account is disabled.',
    ],
  ];
  it.each(refused)('with %s answers 401', async (_what, authorization, code, detail) => {
    const value = await authorization();
    const headers: Record<string, string> = value === '' ? {} : { authorization: value };
    const response = await fetch(`${server.url}/v1/me`, { headers });
    expect(await response.json()).toMatchObject({ status: 401, code, detail });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('JWT realm="api"');
  });
});

describe('a session', () => {
  let browser: Browser;
  const csrf = () => browser.cookies.get('csrftoken') ?? '';
  beforeAll(async () => {
    browser = new Browser(server.url);
    await browser.logIn('ada', passwords.ada);
  });

  it('reads without a CSRF token', async () => {
    expect(await (await browser.get('/v1/me')).json()).toEqual({ id: 7, username: 'ada', admin: false });
  });

  it.each(['', 'x', 'a'.repeat(43)])('with the token %j is none', async (token) => {
    const response = await fetch(`${server.url}/v1/me`, { headers: { cookie: `sessionid=${token}` } });
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'not_authenticated' }]);
  });

  const missing = 'CSRF Failed: CSRF token missing or incorrect.';
  interface Row {
    readonly what: string;
    readonly path?: string;
    readonly method?: string;
    readonly headers?: () => Record<string, string>;
    readonly fields?: () => Record<string, string>;
    readonly cookies?: string;
    readonly refused?: string;
  }
  const own = () => server.url;
  const rows: readonly Row[] = [
    { what: 'the token in X-CSRFToken', headers: () => ({ 'x-csrftoken': csrf() }) },
    { what: 'the token in X-CSRFToken, to delete', method: 'DELETE', headers: () => ({ 'x-csrftoken': csrf() }) },
    { what: 'our own origin', headers: () => ({ 'x-csrftoken': csrf(), origin: own() }) },
    { what: 'a page of ours', headers: () => ({ 'x-csrftoken': csrf(), referer: `${own()}/docs?x=1` }) },
    { what: 'the token in a form', path: '/v1/form', fields: () => ({ csrfmiddlewaretoken: csrf() }) },
    {
      what: 'a form and X-CSRFToken',
      path: '/v1/form',
      fields: () => ({}),
      headers: () => ({ 'x-csrftoken': csrf() }),
    },
    { what: 'no token', refused: missing },
    { what: 'no token, to delete', method: 'DELETE', refused: missing },
    { what: 'an empty token', headers: () => ({ 'x-csrftoken': '' }), refused: missing },
    { what: 'another token', headers: () => ({ 'x-csrftoken': 'a'.repeat(64) }), refused: missing },
    { what: 'a form without the token', path: '/v1/form', fields: () => ({}), refused: missing },
    {
      what: 'a form with another token',
      path: '/v1/form',
      fields: () => ({ csrfmiddlewaretoken: 'a'.repeat(64) }),
      refused: missing,
    },
    {
      what: 'the token in a form, where the path takes it in the header only',
      fields: () => ({ csrfmiddlewaretoken: csrf() }),
      refused: missing,
    },
    {
      what: 'a token that fits a cookie of its own, but not the session',
      headers: () => ({ 'x-csrftoken': 'b'.repeat(64) }),
      cookies: `csrftoken=${'b'.repeat(64)}`,
      refused: missing,
    },
    {
      what: 'no CSRF cookie',
      headers: () => ({ 'x-csrftoken': csrf() }),
      cookies: '',
      refused: 'CSRF Failed: CSRF cookie not set.',
    },
    {
      what: 'another origin',
      headers: () => ({ 'x-csrftoken': csrf(), origin: 'https://evil.example' }),
      refused: 'CSRF Failed: Origin checking failed - https://evil.example does not match any trusted origins.',
    },
    {
      what: 'our host on another port',
      headers: () => ({ 'x-csrftoken': csrf(), origin: 'http://127.0.0.1:1' }),
      refused: 'CSRF Failed: Origin checking failed - http://127.0.0.1:1 does not match any trusted origins.',
    },
    {
      what: 'another origin with a form',
      path: '/v1/form',
      fields: () => ({ csrfmiddlewaretoken: csrf() }),
      headers: () => ({ origin: 'https://evil.example' }),
      refused: 'CSRF Failed: Origin checking failed - https://evil.example does not match any trusted origins.',
    },
    {
      what: 'a page elsewhere',
      headers: () => ({ 'x-csrftoken': csrf(), referer: 'https://evil.example/page' }),
      refused: 'CSRF Failed: Referer checking failed - https://evil.example/page does not match any trusted origins.',
    },
  ];
  it.each(rows)('changes things or not with $what', async ({ path = '/v1/me', method = 'POST', ...row }) => {
    const session = `sessionid=${browser.cookies.get('sessionid')}`;
    const cookie = `${session}; ${row.cookies ?? `csrftoken=${csrf()}`}`;
    const body = row.fields === undefined ? null : new URLSearchParams(row.fields());
    const response = await fetch(`${server.url}${path}`, { method, body, headers: { cookie, ...row.headers?.() } });
    const answer = await response.json();
    if (row.refused === undefined) expect(answer).toEqual({ id: 7, username: 'ada', admin: false });
    else expect([response.status, answer]).toMatchObject([403, { code: 'csrf_failed', detail: row.refused }]);
  });

  it('is not asked where a token is given: the token decides', async () => {
    const bad = await browser.get('/v1/me', { authorization: 'JWT garbage' });
    expect(bad.status).toBe(401);
    const admin = await sign({ user_id: 3, username: 'admin' });
    const post = await browser.send('/v1/me', { method: 'POST', headers: { authorization: `JWT ${admin}` } });
    expect(await post.json()).toMatchObject({ username: 'admin' });
  });

  it('is used where the header has a scheme that is not ours', async () => {
    expect((await browser.get('/v1/me', { authorization: 'Basic YTpi' })).status).toBe(200);
  });
});

describe('the log', () => {
  it('has no password, token, session or CSRF token', async () => {
    const browser = new Browser(server.url);
    await browser.logIn('ada', 'wr0ng-passw0rd');
    await browser.logIn('ada', passwords.ada, '/docs');
    const credentials = { username: 'ada', password: passwords.ada };
    await fetch(`${server.url}/api-token-auth/`, { method: 'POST', body: new URLSearchParams(credentials) });
    await fetch(`${server.url}/v1/me`, { headers: { authorization: `JWT ${tamper(good)}` } });
    const secrets = ['wr0ng-passw0rd', passwords.ada, 'Lovelace', good.slice(-20), ...browser.cookies.values()];
    expect(server.logged()).toContain('Server listening');
    expect(secrets.filter((secret) => server.logged().includes(secret))).toEqual([]);
  });
});
