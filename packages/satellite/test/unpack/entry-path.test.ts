import { describe, expect, it } from 'vitest';
import { checkSymlink, safeEntryPath } from '../../src/unpack/entry-path.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe("an archive entry's name", () => {
  it.each([
    ['a', 'a'],
    ['./a//b/.', 'a/b'],
    ['a/', 'a'],
    ['..a/b..', '..a/b..'],
    ['...', '...'],
    ['gr\u00fc\u00df \xff%?\n', 'gr\u00fc\u00df \xff%?\n'],
    ['a\\b', 'a\\b'],
  ])('%j is placed at %j', (name, path) => {
    expect(safeEntryPath(bytes(name))?.toString('latin1')).toBe(path);
  });

  it.each(['', '.', './', './/.'])('%j is the target itself', (name) => {
    expect(safeEntryPath(bytes(name))).toBeUndefined();
  });

  it.each([
    ['..', 'archive_unsafe'],
    ['../a', 'archive_unsafe'],
    ['a/../../b', 'archive_unsafe'],
    ['a/..', 'archive_unsafe'],
    ['/etc/passwd', 'archive_unsafe'],
    ['//a', 'archive_unsafe'],
    ['..\\a', 'archive_unsafe'],
    ['a\\..\\..\\b', 'archive_unsafe'],
    ['\\a', 'archive_unsafe'],
    ['C:\\a', 'archive_unsafe'],
    ['a\0b', 'archive_invalid'],
    ['x'.repeat(256), 'archive_invalid'],
    [`${'x/'.repeat(1600)}y`, 'archive_invalid'],
  ])('%j is refused with %s', (name, code) => {
    expect(() => safeEntryPath(bytes(name))).toThrow(expect.objectContaining({ code }));
  });
});

describe('a symbolic link', () => {
  it.each([
    ['a', 'b'],
    ['a/b', '../c'],
    ['a/b/c', '../../d/e'],
    ['a', './b/c'],
    ['a', '.'],
  ])('at %j to %j stays inside', (path, target) => {
    expect(() => checkSymlink(bytes(path), bytes(target))).not.toThrow();
  });

  it.each([
    ['a', '/etc'],
    ['a', '..'],
    ['a/b', '../..'],
    ['a/b', '../../etc'],
    ['a', 'b/../c'],
    ['a', 'b/../../c'],
  ])('at %j to %j is refused', (path, target) => {
    expect(() => checkSymlink(bytes(path), bytes(target))).toThrow(expect.objectContaining({ code: 'archive_unsafe' }));
  });
});
