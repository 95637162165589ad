import { expect, test } from 'vitest';
import { run } from '../../../engine/test/tar/tar-bytes.ts';
import { hasAdministration, seesTrustedAttributes } from '../../src/system/trusted-attributes.ts';

test('this process, which may administrate the system, sees trusted attributes', async () => {
  expect(await seesTrustedAttributes()).toBe(true);
});

test('root without that capability, as in a container, does not', async () => {
  const status = await run('setpriv', ['--bounding-set=-sys_admin', 'cat', '/proc/self/status']);
  expect(hasAdministration(status.toString())).toBe(false);
});

test('nor does who cannot tell', () => {
  expect(hasAdministration('')).toBe(false);
});
