import { expect, test } from 'vitest';
import { Browser } from '../../harness/browser.ts';
import { sampleImage } from '../../harness/client.ts';
import { expectProblem } from '../../harness/problem.ts';
import type { SuiteParts } from '../../harness/suite.ts';

const submission = { ...sampleImage, container_args: 'true' };

/** Django's log-in with a form and a cookie. */
export function describeSessions(parts: () => SuiteParts): void {
  const open = (): Browser => new Browser(parts().service.url);
  const loggedIn = async (): Promise<Browser> => {
    const browser = open();
    await browser.logIn('admin', 'admin');
    return browser;
  };

  test('the form logs in: 302, a sessionid that scripts cannot read and a csrftoken that they can', async () => {
    const browser = open();
    const page = await browser.send('/api-auth/login/?next=/docs');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(`name="csrfmiddlewaretoken" value="${browser.csrfToken}"`);

    const answer = await browser.logIn('admin', 'admin');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/v1/container/']);
    const cookies = answer.headers.getSetCookie();
    expect(cookies.find((line) => line.startsWith('sessionid='))).toMatch(/; HttpOnly/);
    expect(cookies.find((line) => line.startsWith('csrftoken='))).not.toMatch(/HttpOnly/);
    expect((await browser.send('/v1/container/')).status).toBe(200);
  });

  test('next leads on within the service, and nowhere else', async () => {
    expect((await open().logIn('admin', 'admin', { next: '/docs' })).headers.get('location')).toBe('/docs');
    for (const next of ['http://evil.example/', '//evil.example/', '/\\evil.example']) {
      expect((await open().logIn('admin', 'admin', { next })).headers.get('location')).toBe('/v1/container/');
    }
  });

  test('a wrong password shows the form again, with Django’s sentence', async () => {
    const browser = open();
    const answer = await browser.logIn('admin', 'wrong');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('Please enter a correct username and password.');
    expect(browser.cookies.has('sessionid')).toBe(false);
    await expectProblem(await browser.send('/v1/container/'), 'not_authenticated', null);
  });

  test('the log-in form itself needs its token', async () => {
    const answer = await open().post('/api-auth/login/', { username: 'admin', password: 'admin' });
    const problem = await expectProblem(answer, 'csrf_failed', null);
    expect(problem.detail).toBe('CSRF Failed: CSRF cookie not set.');
  });

  test.each([
    ['a url-encoded form', 'form'],
    ['a multipart form', 'multipart'],
    ['JSON', 'json'],
  ] as const)('%s with X-CSRFToken is taken, without it 403 in the framework’s words', async (_title, kind) => {
    const browser = await loggedIn();
    const init = bodyOf(kind, submission);
    const refused = await browser.send('/v1/container/?dry_run=true', init);
    const problem = await expectProblem(refused, 'csrf_failed', null);
    expect(problem.detail).toBe('CSRF Failed: CSRF token missing or incorrect.');

    const headers = { ...init.headers, 'x-csrftoken': browser.csrfToken };
    expect((await browser.send('/v1/container/?dry_run=true', { ...init, headers })).status).toBe(200);
    const wrong = { ...init.headers, 'x-csrftoken': 'a'.repeat(64) };
    await expectProblem(await browser.send('/v1/container/', { ...init, headers: wrong }), 'csrf_failed', null);
  });

  test.each(['form', 'multipart'] as const)('a %s with csrfmiddlewaretoken is taken', async (kind) => {
    const browser = await loggedIn();
    const fields = { ...submission, csrfmiddlewaretoken: browser.csrfToken };
    const answer = await browser.send('/v1/container/?dry_run=true&strict=true', bodyOf(kind, fields));
    expect([answer.status, JSON.parse(await answer.text()).warnings]).toEqual([200, []]);
    const wrong = { ...submission, csrfmiddlewaretoken: 'a'.repeat(64) };
    await expectProblem(await browser.send('/v1/container/', bodyOf(kind, wrong)), 'csrf_failed', null);
  });

  test('a form that another site sends is refused', async () => {
    const browser = await loggedIn();
    const fields = { ...submission, csrfmiddlewaretoken: browser.csrfToken };
    const answer = await browser.post('/v1/container/', fields, { origin: 'https://evil.example' });
    expect((await expectProblem(answer, 'csrf_failed', null)).detail).toContain('evil.example');
    expect(await parts().client.json('/v1/container/')).toEqual([]);
  });

  test('DELETE needs the token, too', async () => {
    const browser = await loggedIn();
    const created = await browser.post('/v1/container/', { ...submission, csrfmiddlewaretoken: browser.csrfToken });
    expect(created.status).toBe(201);
    const path = created.headers.get('location') ?? '';
    await expectProblem(await browser.send(path, { method: 'DELETE' }), 'csrf_failed', null);
    const headers = { 'x-csrftoken': browser.csrfToken };
    expect((await browser.send(path, { method: 'DELETE', headers })).status).toBe(204);
  });

  test('logging out ends the session', async () => {
    const browser = await loggedIn();
    const cookie = `sessionid=${browser.cookies.get('sessionid')}`;
    expect((await browser.send('/api-auth/logout/')).status).toBe(200);
    expect(browser.cookies.has('sessionid')).toBe(false);
    const answer = await fetch(`${parts().service.url}/v1/container/`, { headers: { cookie } });
    await expectProblem(answer, 'not_authenticated', null);
  });
}

function bodyOf(kind: 'form' | 'multipart' | 'json', fields: Record<string, string>): RequestInit {
  if (kind === 'form') return { method: 'POST', body: new URLSearchParams(fields) };
  if (kind === 'json') {
    return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields) };
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return { method: 'POST', body: form };
}
