import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectProblem } from '../../harness/problem.ts';
import type { SuiteParts } from '../../harness/suite.ts';

const hour = 3_600;
const now = (): number => Math.floor(Date.now() / 1_000);

/** djangorestframework-jwt's paths, headers and sentences. */
export function describeTokens(parts: () => SuiteParts): void {
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${parts().service.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const list = (authorization: string): Promise<Response> =>
    fetch(`${parts().service.url}/v1/container/`, { headers: { authorization } });

  test('name and password as JSON, form or multipart give {"token": …} and nothing else', async () => {
    const fields = { username: 'admin', password: 'admin' };
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    for (const body of [new URLSearchParams(fields), form]) {
      const answer = await fetch(`${parts().service.url}/api-token-auth/`, { method: 'POST', body });
      expect(answer.status).toBe(200);
      expect(JSON.parse(await answer.text())).toEqual({ token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) });
    }
    const { token } = JSON.parse(await (await post('/api-token-auth/', fields)).text());
    const payload = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    expect(payload).toEqual({
      user_id: expect.any(Number),
      username: 'admin',
      email: expect.any(String),
      exp: expect.any(Number),
      orig_iat: expect.any(Number),
    });
  });

  test.each(['JWT', 'jwt', 'Bearer'])('Authorization: %s … is a log-in', async (scheme) => {
    const answer = await list(`${scheme} ${parts().client.token}`);
    expect(answer.status).toBe(200);
    expect(JSON.parse(await answer.text())).toEqual(expect.any(Array));
  });

  test('a good token is verified, and refreshed to one that is good', async () => {
    const { token } = parts().client;
    const verified = await post('/api-token-verify/', { token });
    expect([verified.status, JSON.parse(await verified.text())]).toEqual([200, { token }]);
    const refreshed = await post('/api-token-refresh/', { token });
    expect(refreshed.status).toBe(200);
    const next: { token: string } = JSON.parse(await refreshed.text());
    expect(Object.keys(next)).toEqual(['token']);
    expect((await list(`JWT ${next.token}`)).status).toBe(200);
  });

  test('a wrong password is 400, in the framework’s words', async () => {
    const answer = await post('/api-token-auth/', { username: 'admin', password: 'wrong' });
    const problem = await expectProblem(answer, 'bad_credentials', null);
    expect(problem.non_field_errors).toEqual(['Unable to log in with provided credentials.']);
  });

  test('what is missing is said at its field, in the framework’s words', async () => {
    const missing = await expectProblem(await post('/api-token-auth/', {}), 'invalid_field', 'username');
    expect(missing).toMatchObject({ username: ['This field is required.'], password: ['This field is required.'] });
    const blank = await expectProblem(await post('/api-token-auth/', { username: '', password: 'x' }), 'invalid_field');
    expect(blank).toMatchObject({ username: ['This field may not be blank.'] });
    for (const path of ['/api-token-refresh/', '/api-token-verify/']) {
      const problem = await expectProblem(await post(path, {}), 'invalid_field', 'token');
      expect(problem).toMatchObject({ token: ['This field is required.'] });
    }
  });

  test('an expired token is 401 in the header and 400 in a body: "Signature has expired."', async () => {
    const token = await sign(parts(), { exp: now() - 1, orig_iat: now() - hour });
    const inHeader = await list(`JWT ${token}`);
    expect(inHeader.headers.get('www-authenticate')).toMatch(/^JWT /);
    expect(await expectProblem(inHeader, 'expired_token', null)).toMatchObject({ detail: 'Signature has expired.' });
    for (const path of ['/api-token-refresh/', '/api-token-verify/']) {
      const problem = await expectProblem(await post(path, { token }), 'token_rejected', null);
      expect(problem.non_field_errors).toEqual(['Signature has expired.']);
    }
  });

  test('a token of a log-in a week ago cannot be refreshed: "Refresh has expired."', async () => {
    const token = await sign(parts(), { exp: now() + hour, orig_iat: now() - 8 * 24 * hour });
    expect((await list(`JWT ${token}`)).status).toBe(200);
    const problem = await expectProblem(await post('/api-token-refresh/', { token }), 'token_rejected', null);
    expect(problem.non_field_errors).toEqual(['Refresh has expired.']);
  });

  test('a token that somebody changed is refused: "Error decoding signature."', async () => {
    const token = `${parts().client.token.slice(0, -4)}AAAA`;
    expect(await expectProblem(await list(`JWT ${token}`), 'invalid_token', null)).toMatchObject({
      detail: 'Error decoding signature.',
    });
    const problem = await expectProblem(await post('/api-token-verify/', { token }), 'token_rejected', null);
    expect(problem.non_field_errors).toEqual(['Error decoding signature.']);
  });
}

/** A token as the service itself makes them, at another time. */
async function sign({ service, client }: SuiteParts, times: { exp: number; orig_iat: number }): Promise<string> {
  const [head = '', body = ''] = client.token.split('.');
  const payload = { ...JSON.parse(Buffer.from(body, 'base64url').toString()), ...times };
  const content = `${head}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
  const key = await readFile(join(service.dataDir, 'jwt.key'));
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}
