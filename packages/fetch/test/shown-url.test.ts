import { describe, expect, it } from 'vitest';
import { showUrl } from '../src/shown-url.ts';

describe('a URL', () => {
  it.each([
    ['https://me:secret@data.example:8443/a/b?token=secret#secret', 'https://data.example:8443/a/b'],
    ['s3://me:secret@bucket/key', 's3://bucket/key'],
    ['file:///srv/data', 'file:///srv/data'],
    ['data:text/plain,secret', 'data:…'],
    ['nonsense', '«the URL»'],
    [`http://h/${'a'.repeat(400)}`, `http://h/${'a'.repeat(299)}…`],
  ])('%s is shown as %s', (url, shown) => {
    expect(showUrl(url)).toBe(shown);
  });
});
