import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { resolveCacheQuota } from '../../src/services/cache-quota.ts';

test('an amount is what it is', async () => {
  expect(await resolveCacheQuota({ bytes: 12 }, '/no/such/folder')).toBe(12);
});

test('a share is one of the whole file system', async () => {
  const { blocks, bsize } = await statfs(tmpdir());
  expect(await resolveCacheQuota({ share: 0.25 }, tmpdir())).toBe(Math.floor((blocks * bsize) / 4));
});
