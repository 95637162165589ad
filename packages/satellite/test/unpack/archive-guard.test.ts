import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/staging/limits.ts';
import { ArchiveGuard, type ClaimedEntry } from '../../src/unpack/archive-guard.ts';

type Claim = readonly [type: ClaimedEntry['type'], name: string, linkPath?: string];

function admitAll(claims: readonly Claim[], limits = {}) {
  const guard = new ArchiveGuard({ ...defaultLimits, ...limits }, 1_000);
  return claims.map(([type, name, link]) =>
    guard.admit({
      name: Buffer.from(name),
      type,
      size: type === 'file' ? 100 : 0,
      ...(link === undefined ? {} : { linkPath: Buffer.from(link) }),
    }),
  );
}

describe('the archive guard', () => {
  it('names the directories that the archive left out, once', () => {
    const [first, second] = admitAll([
      ['file', 'a/b/c'],
      ['file', 'a/b/d'],
    ]);
    expect(first?.missing.map(String)).toEqual(['a', 'a/b']);
    expect(second?.missing).toEqual([]);
  });

  it('lets links inside through', () => {
    const admitted = admitAll([
      ['file', 'a/b'],
      ['symlink', 'a/c', 'b'],
      ['link', 'd', './a/b'],
    ]);
    expect(admitted.map((entry) => entry?.linkPath?.toString())).toEqual([undefined, 'b', 'a/b']);
  });

  it.each<[string, string, readonly Claim[]]>([
    ['a device', 'archive_unsafe', [['char', 'a']]],
    ['a block device', 'archive_unsafe', [['block', 'a']]],
    ['a named pipe', 'archive_unsafe', [['fifo', 'a']]],
    [
      'a file below a symbolic link',
      'archive_unsafe',
      [
        ['symlink', 'a', 'b'],
        ['file', 'a/c'],
      ],
    ],
    [
      'a file deep below a symbolic link',
      'archive_unsafe',
      [
        ['symlink', 'x/a', '.'],
        ['file', 'x/a/b/c'],
      ],
    ],
    ['a hard link to what lies outside', 'archive_unsafe', [['link', 'a', '../b']]],
    ['a hard link to an absolute path', 'archive_unsafe', [['link', 'a', '/etc/shadow']]],
    ['a hard link into an unknown directory', 'archive_unsafe', [['link', 'a', 'etc/shadow']]],
    [
      'a hard link through a symbolic link',
      'archive_unsafe',
      [
        ['symlink', 's', '.'],
        ['link', 'a', 's/b'],
      ],
    ],
    [
      'a hard link to a symbolic link',
      'archive_unsafe',
      [
        ['symlink', 's', 'x'],
        ['link', 'a', 's'],
      ],
    ],
    [
      'a directory that was a symbolic link',
      'archive_invalid',
      [
        ['symlink', 'a', 'b'],
        ['directory', 'a'],
      ],
    ],
    [
      'a symbolic link that was a directory',
      'archive_invalid',
      [
        ['file', 'a/b'],
        ['symlink', 'a', 'c'],
      ],
    ],
    [
      'a file that was a directory',
      'archive_invalid',
      [
        ['directory', 'a'],
        ['file', 'a'],
      ],
    ],
  ])('refuses %s with %s', (_title, code, claims) => {
    expect(() => admitAll(claims)).toThrow(expect.objectContaining({ code }));
  });

  it.each<[string, object]>([
    ['entries', { entries: 1 }],
    ['bytes', { unpackedBytes: 150 }],
    ['bytes for its own size', { ratio: 0.15, ratioFloor: 0 }],
  ])('refuses too many %s', (_title, limits) => {
    const claims: readonly Claim[] = [
      ['file', 'a'],
      ['file', 'b'],
    ];
    expect(() => admitAll(claims, limits)).toThrow(expect.objectContaining({ code: 'archive_too_large' }));
  });

  it('refuses names that are long beyond measure, which it would have to remember', () => {
    const long = `${'d'.repeat(200)}/${'e'.repeat(200)}/${'f'.repeat(200)}`;
    expect(() => admitAll([['file', long]], { entries: 2 })).toThrow(
      expect.objectContaining({ code: 'archive_too_large' }),
    );
  });

  it('counts the directories that deep names make', () => {
    const deep = `${'d/'.repeat(50)}f`;
    expect(() =>
      admitAll(
        [
          ['file', deep],
          ['file', 'g'],
        ],
        { entries: 50 },
      ),
    ).toThrow(expect.objectContaining({ code: 'archive_too_large' }));
  });

  it('tells the name of the entry at fault', () => {
    expect(() => admitAll([['file', 'a/../../b']])).toThrow('"a/../../b"');
  });
});
