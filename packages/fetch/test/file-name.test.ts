import { describe, expect, it } from 'vitest';
import { fileNameOf, safeFileName } from '../src/file-name.ts';

describe('the name of what a URL delivers', () => {
  it.each([
    ['http://h/a/data.csv?x=1', undefined, 'data.csv'],
    ['http://h/gr%C3%BC%C3%9Fe.txt', undefined, 'grüße.txt'],
    ['http://h/a%2Fb', undefined, 'b'],
    ['http://h/%zz', undefined, '%zz'],
    ['http://h/', undefined, undefined],
    ['http://h/x', 'attachment; filename="a b.txt"', 'a b.txt'],
    ['http://h/x', 'attachment; filename=plain.txt', 'plain.txt'],
    ['http://h/x', `attachment; filename="e.txt"; filename*=UTF-8''%e2%82%ac.txt`, '€.txt'],
    ['http://h/x', 'attachment; filename="a\\"b"', 'a"b'],
    ['http://h/x', 'attachment; filename="../../etc/passwd"', 'passwd'],
    ['http://h/x', 'attachment; filename=".."', 'x'],
    ['http://h/x', 'attachment', 'x'],
  ])('%s with %j is %j', (url, disposition, name) => {
    expect(fileNameOf(url, disposition)).toBe(name);
  });

  it.each([
    ['..\\..\\evil.exe', 'evil.exe'],
    ['a\u0000\nb', 'ab'],
    ['', undefined],
    ['..', undefined],
    ['a/', undefined],
  ])('%j becomes %j', (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
  });

  it('fits into a directory', () => {
    expect(Buffer.byteLength(safeFileName('ä'.repeat(300)) ?? '')).toBe(254);
  });
});
