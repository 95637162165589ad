import { BoatLoadError } from '@boatload/contract';
import { describe, expect, test } from 'vitest';
import {
  flagParam,
  listParam,
  nextPageUrl,
  numberParam,
  textParam,
  timeParam,
  wordParam,
} from '../../src/server/query.ts';

describe('query parameters', () => {
  test.each([
    ['', true],
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
    [undefined, false],
  ])('a flag given as %j is %j', (value, expected) => {
    expect(flagParam({ follow: value }, 'follow')).toBe(expected);
  });

  test.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00Z'],
    ['2026-01-31T12:00:00.123456789+02:00', '2026-01-31T10:00:00.123456789Z'],
    ['0', '1970-01-01T00:00:00Z'],
    ['1769860800.000000001', '2026-01-31T12:00:00.000000001Z'],
    ['', undefined],
  ])('the time %j is read as %j', (value, expected) => {
    expect(timeParam({ since: value }, 'since')).toBe(expected);
  });

  test('the next page is asked for as this one was, behind another cursor', () => {
    const query = { attempt: '1', label: ['a=b', 'c=d'], after: 'old', limit: '2' };
    expect(nextPageUrl('/x', query, 'new')).toBe('/x?attempt=1&label=a%3Db&label=c%3Dd&limit=2&after=new');
  });

  test('the last of several values counts, and a list has them all', () => {
    const query = { name: ['a', 'b'] };
    expect(textParam(query, 'name')).toBe('b');
    expect(listParam(query, 'name')).toEqual(['a', 'b']);
  });

  const refused: readonly (readonly [string, () => unknown])[] = [
    ['a flag that is neither true nor false', () => flagParam({ x: 'maybe' }, 'x')],
    ['a negative number', () => numberParam({ x: '-1' }, 'x', { min: 0, max: 9 })],
    ['a number above its bound', () => numberParam({ x: '10' }, 'x', { min: 0, max: 9 })],
    ['a number with letters', () => numberParam({ x: '1e3' }, 'x', { min: 0, max: 9_999 })],
    ['a time that is none', () => timeParam({ x: 'yesterday' }, 'x')],
    ['a date that does not exist', () => timeParam({ x: '2026-99-01T00:00:00Z' }, 'x')],
    ['a word that is not among the known ones', () => wordParam({ x: 'c' }, 'x', ['a', 'b'])],
  ];
  test.each(refused)('%s is refused by name', (_what, read) => {
    expect(read).toThrow(BoatLoadError);
    expect(read).toThrow(/\?x=/);
  });
});
