import type { ErrorCode } from '@boatload/contract';
import { expect, test } from 'vitest';
import { expectProblem } from '../../harness/problem.ts';
import type { Parts } from './bad-input-parts.ts';

type Row = readonly [title: string, type: string, body: string, code: ErrorCode, field: string | null];

const json = 'application/json';
const rows: readonly Row[] = [
  ['nothing', json, '', 'invalid_field', 'username'],
  ['half an object', json, '{"username": "admin", "password"', 'bad_json', null],
  ['a list', json, '[]', 'invalid_field', null],
  ['an object as name', json, '{"username": {}, "password": "x"}', 'invalid_field', 'username'],
  ['null as password', json, '{"username": "admin", "password": null}', 'invalid_field', 'password'],
  ['a password of 100 KB', json, `{"username": "admin", "password": "${'x'.repeat(100_000)}"}`, 'body_too_large', null],
  ['a password longer than Django takes', json, login('admin', 'x'.repeat(5_000)), 'bad_credentials', null],
  ['a name that nobody has', json, login('nobody', 'admin'), 'bad_credentials', null],
  ['a form without a boundary', 'multipart/form-data', 'username=admin', 'bad_multipart', null],
  ['XML', 'application/xml', '<username>admin</username>', 'unsupported_media_type', null],
];

/** Log-ins that cannot be right are refused, and whoever tries passwords is slowed down. */
export function describeRefusedLogIns(parts: Parts): void {
  const post = (type: string, body: string): Promise<Response> =>
    fetch(`${parts().service.url}/api-token-auth/`, { method: 'POST', headers: { 'content-type': type }, body });

  test.each(rows)('%s is no log-in', async (_title, type, body, code, field) => {
    await expectProblem(await post(type, body), code, field);
  });

  test('after ten wrong passwords of an account its address has to wait, others need not', async () => {
    for (let tried = 0; tried < 10; tried += 1) {
      await expectProblem(await post(json, login('mallory', `guess ${tried}`)), 'bad_credentials', null);
    }
    const answer = await post(json, login('mallory', 'guess 11'));
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectProblem(answer, 'too_many_requests', null);
    expect((await post(json, login('admin', 'admin'))).status).toBe(200);
  });
}

function login(username: string, password: string): string {
  return JSON.stringify({ username, password });
}
