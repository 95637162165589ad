import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from './browser.ts';
import { type LoginServer, passwords, startLoginServer } from './login-server.ts';

let server: LoginServer;
beforeAll(async () => {
  server = await startLoginServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = () => new Browser(server.url);

describe('the log-in form', () => {
  it('comes as a page that no other page can frame, with a CSRF token that scripts can read', async () => {
    const browser = open();
    const response = await browser.get('/api-auth/login/?next=/docs');
    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page).toContain(`name="csrfmiddlewaretoken" value="${browser.cookies.get('csrftoken')}"`);
    expect(page).toContain('name="next" value="/docs"');
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^csrftoken=[0-9a-f]{64}; Max-Age=31449600; Path=\/; SameSite=Lax$/),
    ]);
  });

  it('keeps the CSRF token of a browser that has one', async () => {
    const browser = open();
    await browser.get('/api-auth/login/');
    const first = browser.cookies.get('csrftoken');
    await browser.get('/api-auth/login/');
    expect(browser.cookies.get('csrftoken')).toBe(first);
  });

  it('shows text of the request as text', async () => {
    const page = await (await open().get('/api-auth/login/?next=/%22%3E%3Cscript%3E')).text();
    expect(page).not.toContain('"><script>');
    const browser = open();
    const again = await (await browser.logIn('"><script>', 'x')).text();
    expect(again).toContain('value="&quot;&gt;&lt;script&gt;"');
  });
});

describe('logging in with it', () => {
  it('opens a session whose cookie scripts cannot read, and gives a new CSRF token', async () => {
    const browser = open();
    await browser.get('/api-auth/login/');
    const before = browser.cookies.get('csrftoken');
    const response = await browser.logIn('ada', passwords.ada);
    expect([response.status, response.headers.get('location')]).toEqual([302, '/v1/container/']);
    const cookie = response.headers.getSetCookie().find((line) => line.startsWith('sessionid='));
    expect(cookie).toMatch(/^sessionid=[\w-]{43}; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(browser.cookies.get('csrftoken')).not.toBe(before);
    expect(await (await browser.get('/v1/me')).json()).toEqual({ id: 7, username: 'ada', admin: false });
  });

  it('works as multipart too, and with the token in X-CSRFToken', async () => {
    const browser = open();
    await browser.get('/api-auth/login/');
    const body = new FormData();
    body.append('username', 'ada');
    body.append('password', passwords.ada);
    const headers = { 'x-csrftoken': browser.cookies.get('csrftoken') ?? '' };
    expect((await browser.send('/api-auth/login/', { method: 'POST', body, headers })).status).toBe(302);
  });

  it.each([
    ['a wrong password', 'ada', 'wrong', 'Please enter a correct username and password.'],
    ['an unknown user', 'nobody', 'wrong', 'Please enter a correct username and password.'],
    ['an inactive user', 'gone', passwords.gone, 'Please enter a correct username and password.'],
    ['no password', 'ada', '', 'this field is required'],
  ])('shows the form again after %s', async (_what, username, password, sentence) => {
    const browser = open();
    const response = await browser.logIn(username, password);
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(page).toContain(sentence);
    expect(page).toContain(`value="${username}"`);
    expect(browser.cookies.has('sessionid')).toBe(false);
  });

  it.each([
    ['/v1/container/?limit=1#top', '/v1/container/?limit=1#top'],
    ['/docs', '/docs'],
    ['/a/../b c', '/b%20c'],
    ['', '/v1/container/'],
    ['docs', '/v1/container/'],
    ['//evil.example', '/v1/container/'],
    ['///evil.example', '/v1/container/'],
    ['/\\evil.example', '/v1/container/'],
    ['/\t/evil.example', '/v1/container/'],
    ['/.//evil.example', '/v1/container/'],
    ['https://evil.example/', '/v1/container/'],
    ['javascript:alert(1)', '/v1/container/'],
  ])('goes on to a path of ours only: %j', async (next, location) => {
    const response = await open().logIn('ada', passwords.ada, next);
    expect([response.status, response.headers.get('location')]).toEqual([302, location]);
  });

  it.each([
    ['no token', {}, {}, 'CSRF Failed: CSRF token missing or incorrect.'],
    ['another token', { csrfmiddlewaretoken: 'a'.repeat(64) }, {}, 'CSRF Failed: CSRF token missing or incorrect.'],
    ['another origin', 'right', { origin: 'http://evil.example' }, 'CSRF Failed: Origin checking failed'],
    ['no origin of its own', 'right', { origin: 'null' }, 'CSRF Failed: Origin checking failed'],
    ['a page elsewhere', 'right', { referer: 'http://evil.example/x' }, 'CSRF Failed: Referer checking failed'],
  ] as const)('is refused with %s', async (_what, fields, headers, detail) => {
    const browser = open();
    await browser.get('/api-auth/login/');
    const token = fields === 'right' ? { csrfmiddlewaretoken: browser.cookies.get('csrftoken') ?? '' } : fields;
    const credentials = { username: 'ada', password: passwords.ada };
    const response = await browser.submit('/api-auth/login/', { ...credentials, ...token }, headers);
    expect(await response.json()).toMatchObject({
      status: 403,
      code: 'csrf_failed',
      detail: expect.stringContaining(detail),
    });
    expect(browser.cookies.has('sessionid')).toBe(false);
  });

  it('is refused without the cookie', async () => {
    const fields = { username: 'ada', password: passwords.ada, csrfmiddlewaretoken: 'a'.repeat(64) };
    const response = await open().submit('/api-auth/login/', fields);
    expect(await response.json()).toMatchObject({ status: 403, detail: 'CSRF Failed: CSRF cookie not set.' });
  });

  it('never raises a session that somebody planted', async () => {
    const browser = open();
    browser.cookies.set('sessionid', 'planted');
    await browser.logIn('ada', passwords.ada);
    expect(browser.cookies.get('sessionid')).not.toBe('planted');
    const planted = await fetch(`${server.url}/v1/me`, { headers: { cookie: 'sessionid=planted' } });
    expect(planted.status).toBe(401);
  });

  it('ends the session that the browser had', async () => {
    const browser = open();
    await browser.logIn('ada', passwords.ada);
    const first = browser.cookies.get('sessionid');
    await browser.logIn('admin', passwords.admin);
    const old = await fetch(`${server.url}/v1/me`, { headers: { cookie: `sessionid=${first}` } });
    expect(old.status).toBe(401);
    expect(await (await browser.get('/v1/me')).json()).toMatchObject({ username: 'admin', admin: true });
  });

  it('is stopped after too many failures, with the form', async () => {
    await using strict = await startLoginServer({ loginLimits: { perAccount: 2 } });
    const browser = new Browser(strict.url);
    for (const status of [200, 200, 429]) expect((await browser.logIn('ada', 'wrong')).status).toBe(status);
    const response = await browser.logIn('ada', passwords.ada);
    expect(response.headers.get('retry-after')).toBe('300');
    expect(await response.text()).toContain('Expected available in 300 seconds');
  });
});

describe('a session', () => {
  it('lasts 14 days', async () => {
    const browser = open();
    await browser.logIn('ada', passwords.ada);
    server.pass(14 * 24 * 3_600 - 1);
    expect((await browser.get('/v1/me')).status).toBe(200);
    server.pass(1);
    expect((await browser.get('/v1/me')).status).toBe(401);
  });

  it.each(['GET', 'POST'])('ends with %s /api-auth/logout/, also for who copied the cookie', async (method) => {
    const browser = open();
    await browser.logIn('ada', passwords.ada);
    const cookie = `sessionid=${browser.cookies.get('sessionid')}`;
    const response = await browser.send('/api-auth/logout/', { method });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('You are logged out.');
    expect(browser.cookies.has('sessionid')).toBe(false);
    expect((await fetch(`${server.url}/v1/me`, { headers: { cookie } })).status).toBe(401);
  });

  it('that ends sends to next, where that is ours', async () => {
    const response = await open().get('/api-auth/logout/?next=/api-auth/login/');
    expect([response.status, response.headers.get('location')]).toEqual([302, '/api-auth/login/']);
    expect((await open().get('/api-auth/logout/?next=//evil.example')).status).toBe(200);
  });

  it('is kept as a digest of its token, and is over when its user changes', async () => {
    const browser = open();
    await browser.logIn('ada', passwords.ada);
    const token = browser.cookies.get('sessionid') ?? '';
    expect(await server.store.sessions.find(token)).toBeUndefined();
    const tokenHash = createHash('sha256').update(token).digest('hex');
    const session = await server.store.sessions.find(tokenHash);
    if (session === undefined) throw new Error('the session is not kept');
    await server.store.sessions.remove(tokenHash);
    await server.store.sessions.create({ ...session, userDigest: 'of another password' });
    expect((await browser.get('/v1/me')).status).toBe(401);
  });
});
