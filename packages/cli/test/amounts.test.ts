import { describe, expect, test } from 'vitest';
import { formatAge, formatSize, parseDuration, parseSize } from '../src/amounts.ts';

describe('a size', () => {
  test.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [1_048_575, '1.0 MiB'],
    [5 * 1024 ** 2 + 1, '5.0 MiB'],
    [99.96 * 1024 ** 2, '100 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [200 * 1024 ** 4, '200 TiB'],
    [2_000 * 1024 ** 5, '2000 PiB'],
  ])('of %d bytes is shown as %s', (bytes, shown) => {
    expect(formatSize(bytes)).toBe(shown);
  });

  test.each([
    ['0', 0],
    ['1024', 1_024],
    ['512b', 512],
    ['1k', 1_024],
    ['200g', 200 * 1024 ** 3],
    ['1.5 TiB', 1.5 * 1024 ** 4],
    ['512MB', 512 * 1024 ** 2],
  ])('written as %s is read', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', 'g', '-1g', '1e9', '1gg', '50%', '1,5g', '99999999999p'])('written as "%s" is refused', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

describe('a duration', () => {
  test.each([
    ['0', 0],
    ['90', 90],
    ['90s', 90],
    ['15m', 900],
    ['1.5h', 5_400],
    ['7D', 604_800],
    ['2w', 1_209_600],
  ])('written as %s is read', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(['', 'd', '-1d', '7 days', '1y'])('written as "%s" is refused', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

test.each([
  [-30, 'just now'],
  [59, 'just now'],
  [60, '1 min ago'],
  [5 * 60 + 59, '5 min ago'],
  [3_600, '1 hour ago'],
  [47 * 3_600, '1 day ago'],
  [48 * 3_600, '2 days ago'],
])('what was %d seconds ago is shown as %s', (seconds, shown) => {
  const now = new Date('2026-01-31T12:00:00Z');
  expect(formatAge(new Date(now.getTime() - seconds * 1_000).toISOString(), now)).toBe(shown);
});
