import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCodes } from '../../src/index.ts';

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');

test('docs/errors.md lists every error code with its status and meaning, in order', () => {
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| <a id='))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const expected = Object.entries(errorCodes).map(([code, { status, title, retryable }]) => [
    '',
    `<a id="${code}"></a>\`${code}\``,
    String(status),
    title,
    retryable ? 'yes' : 'no',
    '',
  ]);
  expect(rows).toEqual(expected);
});
