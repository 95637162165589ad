import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFilePath, protectFilePath, revealFilePath } from '../../src/server/raw-paths.ts';

const before = `/v1/container/${'a'.repeat(32)}/file/`;

function named(url: string): Buffer {
  const path = protectFilePath(url);
  expect(path.startsWith(before)).toBe(true);
  return revealFilePath(path.slice(before.length).split('?')[0] ?? '');
}

describe('the part of a URL that names a file', () => {
  const rows: readonly (readonly [string, string, Buffer])[] = [
    ['a relative path is taken from the root', 'data/out.txt', Buffer.from('/data/out.txt')],
    ['a second slash begins an absolute path', '/data/out.txt', Buffer.from('/data/out.txt')],
    ['spaces and percent signs', 'a%20b%25c', Buffer.from('/a b%c')],
    ['a question mark and a newline', 'a%3Fb%0Ac', Buffer.from('/a?b\nc')],
    ['bytes that are not UTF-8', '%FF%FE', Buffer.from([0x2f, 0xff, 0xfe])],
    ['an encoded slash is a slash', 'a%2Fb', Buffer.from('/a/b')],
    ['a percent sign that encodes nothing stands for itself', '100%zz', Buffer.from('/100%zz')],
    ['text that was not encoded', 'ü', Buffer.from('/ü')],
    ['what looks like an encoded path is only a name', 'L2V0Yw', Buffer.from('/L2V0Yw')],
    ['a trailing slash is kept', 'data/', Buffer.from('/data/')],
  ];
  test.each(rows)('%s', (_what, path, expected) => {
    expect(named(`${before}${path}`)).toEqual(expected);
  });

  test('every sequence of bytes comes through as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const path = Buffer.concat([Buffer.from('/'), bytes]);
        expect(named(`${before}${encodeFilePath(path)}`)).toEqual(path);
      }),
    );
  });

  test('the query is left alone', () => {
    expect(protectFilePath(`${before}a?attempt=2`)).toBe(
      `${before}${Buffer.from('a').toString('base64url')}?attempt=2`,
    );
  });

  test.each(['/v1/container/', `${before}`, `${before}?attempt=1`, '/v1/container/x/changes', '/docs'])(
    '%s names no file and is left alone',
    (url) => {
      expect(protectFilePath(url)).toBe(url);
    },
  );
});
