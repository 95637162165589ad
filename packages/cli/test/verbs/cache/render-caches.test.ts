import type { CacheEntry } from '@boatload/contract';
import { describe, expect, test } from 'vitest';
import { findEntries } from '../../../src/verbs/cache/entry-names.ts';
import { renderCaches } from '../../../src/verbs/cache/render-caches.ts';

const now = new Date('2026-01-31T12:00:00Z');
const entryOf = (id: string, more: Partial<CacheEntry> = {}): CacheEntry => ({
  id,
  node: 'pier-1',
  origin: 'https://data.example.org/a.zip',
  sha256: '0'.repeat(64),
  form: 'tree',
  bytes: 5 * 1024 ** 2,
  in_use: 0,
  created_at: '2026-01-31T10:00:00Z',
  last_used_at: '2026-01-31T11:55:00Z',
  ...more,
});

describe('the list of what is kept', () => {
  test('is an aligned table with a total', () => {
    const entries = [
      entryOf('a'.repeat(64), { in_use: 2 }),
      entryOf('b'.repeat(64), { form: 'file', bytes: 900, in_use: 1, origin: null }),
    ];
    expect(renderCaches([{ node: 'pier-1', quota: 1024 ** 3, entries }], now)).toBe(
      `ID            FORM  SIZE     USED BY       LAST USED  FROM
aaaaaaaaaaaa  tree  5.0 MiB  2 containers  5 min ago  https://data.example.org/a.zip
bbbbbbbbbbbb  file  900 B    1 container   5 min ago  an upload
2 entries, 5.0 MiB of at most 1.0 GiB.
`,
    );
  });

  test('names the nodes where there are several, with a total for each', () => {
    const caches = [
      { node: 'pier-1', quota: null, entries: [entryOf('a'.repeat(64))] },
      { node: 'pier-2', quota: 1024 ** 3, entries: [] },
    ];
    expect(renderCaches(caches, now)).toBe(
      `NODE    ID            FORM  SIZE     USED BY  LAST USED  FROM
pier-1  aaaaaaaaaaaa  tree  5.0 MiB  nobody   5 min ago  https://data.example.org/a.zip
1 entry of pier-1, 5.0 MiB.
The cache of pier-2 is empty; it may take 1.0 GiB.
`,
    );
  });

  test('says so when nothing is kept', () => {
    expect(renderCaches([{ node: 'pier-1', quota: null, entries: [] }], now)).toBe('The cache is empty.\n');
  });

  test('shows as much of an id as tells it from the others', () => {
    const ids = [`${'a'.repeat(20)}1`, `${'a'.repeat(20)}2`, 'short'];
    const table = renderCaches([{ node: 'pier-1', quota: null, entries: ids.map((id) => entryOf(id)) }], now);
    expect(
      table
        .split('\n')
        .slice(1, 4)
        .map((line) => line.split(' ')[0]),
    ).toEqual(ids);
  });

  test('lets no URL move the cursor', () => {
    const origin = 'http://x/\u001b[2J\n\u009b';
    expect(renderCaches([{ node: 'pier-1', quota: null, entries: [entryOf('x', { origin })] }], now)).toContain(
      'http://x/?[2J??\n',
    );
  });
});

describe('an entry is named', () => {
  const [one, two, same] = [entryOf('abc1'), entryOf('abd2'), entryOf('abd2', { node: 'pier-2' })];
  const all = [one, two, same];

  test.each([
    ['its id', ['abc1'], [one]],
    ['the beginning of its id', ['abc'], [one]],
    ['an id that two nodes have: both are meant', ['abd'], [two, same]],
    ['several names, each meant once', ['abc', 'abc1', 'abd2'], [one, two, same]],
  ])('by %s', (_what, names, found) => {
    expect(findEntries(all, names)).toEqual(found);
  });

  test('not by the beginning of several ids', () => {
    expect(() => findEntries(all, ['ab'])).toThrow(expect.objectContaining({ code: 'conflict' }));
  });

  test('not by what no id begins with', () => {
    expect(() => findEntries(all, ['abc', 'abcd'])).toThrow(expect.objectContaining({ code: 'cache_entry_not_found' }));
  });
});
