import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/staging/limits.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { makeTar, type TarMember, tarMember } from './archive-builders.ts';
import { xzOfZeros } from './compressed-tars.ts';
import { storeXz, storeZstd, zstdOfZeros } from './compression-builders.ts';
import { expectRefusal, makeTreeOf } from './tree-rig.ts';

const compressions: readonly (readonly [string, (tar: Buffer) => Buffer])[] = [
  ['tar', (tar) => tar],
  ['tar.gz', (tar) => gzipSync(tar)],
  ['tar.zst', (tar) => storeZstd(tar)],
  ['tar.xz', (tar) => storeXz(tar)],
];

const harmless: TarMember = { path: 'harmless', body: 'first' };

const entries: readonly (readonly [string, string, readonly TarMember[]])[] = [
  ['a name with ..', 'archive_unsafe', [{ path: '../canary', body: 'x' }]],
  ['a name with .. inside', 'archive_unsafe', [{ path: 'a/../../canary', body: 'x' }]],
  ['an absolute name', 'archive_unsafe', [{ path: '/tmp/boatload-evil', body: 'x' }]],
  ['an absolute name of Windows', 'archive_unsafe', [{ path: 'C:\\evil', body: 'x' }]],
  ['a backslash trick', 'archive_unsafe', [{ path: '..\\canary', body: 'x' }]],
  ['a symbolic link to outside', 'archive_unsafe', [{ path: 'l', type: 'symlink', link: '../canary' }]],
  ['an absolute symbolic link', 'archive_unsafe', [{ path: 'l', type: 'symlink', link: '/etc/passwd' }]],
  [
    'a file below a symbolic link',
    'archive_unsafe',
    [
      { path: 'l', type: 'symlink', link: '.' },
      { path: 'l/canary', body: 'x' },
    ],
  ],
  [
    'a file in the place of a symbolic link',
    'archive_invalid',
    [
      { path: 'l', type: 'symlink', link: 'harmless' },
      { path: 'l', body: 'x' },
    ],
  ],
  ['a hard link to outside', 'archive_unsafe', [{ path: 'l', type: 'link', link: '../canary' }]],
  ['a hard link to an absolute path', 'archive_unsafe', [{ path: 'l', type: 'link', link: '/etc/passwd' }]],
  ['a hard link to nothing', 'archive_invalid', [{ path: 'l', type: 'link', link: 'none' }]],
  ['a hard link to itself', 'archive_invalid', [{ path: 'harmless', type: 'link', link: 'harmless' }]],
  [
    'a hard link to a symbolic link',
    'archive_unsafe',
    [
      { path: 's', type: 'symlink', link: 'harmless' },
      { path: 'l', type: 'link', link: 's' },
    ],
  ],
  ['a character device', 'archive_unsafe', [{ path: 'd', type: 'char', device: { major: 1, minor: 3 } }]],
  ['a block device', 'archive_unsafe', [{ path: 'd', type: 'block', device: { major: 8, minor: 0 } }]],
  ['a named pipe', 'archive_unsafe', [{ path: 'p', type: 'fifo' }]],
  [
    'a directory in the place of a file',
    'archive_invalid',
    [
      { path: 'a', body: 'x' },
      { path: 'a', type: 'directory' },
    ],
  ],
  [
    'a file in the place of a directory',
    'archive_invalid',
    [
      { path: 'a', type: 'directory' },
      { path: 'a', body: 'x' },
    ],
  ],
  [
    'a file below a file',
    'archive_invalid',
    [
      { path: 'a', body: 'x' },
      { path: 'a/b', body: 'x' },
    ],
  ],
  ['a component that is too long', 'archive_invalid', [{ path: 'n'.repeat(256), body: 'x' }]],
  ['a path that is too long', 'archive_invalid', [{ path: 'n/'.repeat(1_537), body: 'x' }]],
];

describe.each(compressions)('a hostile %s', (_kind, compress) => {
  it.each(entries)('with %s is refused with %s', async (_title, code, members) => {
    await expectRefusal(compress(makeTar([harmless, ...members])), code);
  });

  it('that ends before the size that it claims is refused', async () => {
    const tar = tarMember({ path: 'a', body: 'x', size: 5_000_000 });
    await expectRefusal(compress(Buffer.concat([tarMember(harmless), tar])), 'archive_invalid');
  });

  it('that claims more than all limits is refused before anything is written', async () => {
    const tar = tarMember({ path: 'a', body: 'x', size: 2 ** 42 });
    await expectRefusal(compress(Buffer.concat([tarMember(harmless), tar])), 'archive_too_large');
  });

  it('that is cut off is refused', async () => {
    const packed = compress(makeTar([harmless, { path: 'a', body: noise(300_000) }]));
    await expectRefusal(packed.subarray(0, -20_000), 'archive_invalid');
  });

  it('with more entries than are allowed is refused', async () => {
    const many = Array.from({ length: 301 }, (_, index) => ({ path: `f${index}` }));
    await expectRefusal(compress(makeTar(many)), 'archive_too_large', { limits: { ...defaultLimits, entries: 300 } });
  });

  it('with a NUL in a name is refused', async () => {
    // The name ends at a NUL in a header; only pax can carry one.
    const record = Buffer.from('17 path=a\0b/evil\n');
    const pax = tarMember({ path: 'pax', body: record });
    pax.write('x', 156, 'latin1');
    sign(pax);
    await expectRefusal(compress(Buffer.concat([pax, makeTar([{ path: 'short' }])])), 'archive_invalid');
  });
});

describe('a bomb', () => {
  const limits = { ...defaultLimits, ratioFloor: 1_048_576, ratio: 50 };
  const size = 32 * 1_048_576;
  const header = tarMember({ path: 'zeros', size });

  it.each<[string, () => Buffer]>([
    ['tar.gz', () => gzipSync(Buffer.concat([header, Buffer.alloc(size)]), { level: 9 })],
    ['tar.zst', () => Buffer.concat([storeZstd(header), zstdOfZeros(size / 131_072)])],
    ['tar.xz', () => Buffer.concat([storeXz(header), ...zeros(16)])],
  ])('of %s is refused by what it claims', async (_kind, pack) => {
    await expectRefusal(pack(), 'archive_too_large', { limits });
  });

  it.each<[string, () => Buffer]>([
    ['tar.gz', () => Buffer.concat([gzipSync(makeTar([harmless])), gzipSync(Buffer.alloc(size))])],
    ['tar.zst', () => Buffer.concat([storeZstd(makeTar([harmless])), zstdOfZeros(size / 131_072)])],
    ['tar.xz', () => Buffer.concat([storeXz(makeTar([harmless])), ...zeros(16)])],
  ])('of %s behind the end of its tar is refused', async (_kind, pack) => {
    await expectRefusal(pack(), 'archive_too_large', { limits: { ...limits, entries: 10 } });
  });

  it.each<[string, Buffer]>([
    ['zstd', storeZstd(makeTar([harmless]), 0xa8)],
    ['xz', storeXz(makeTar([harmless]), 0x20)],
  ])('that wants much memory of %s is refused', async (_kind, bytes) => {
    await using dir = await makeTemporaryDirectory();
    await expect(makeTreeOf(dir.path, bytes)).rejects.toMatchObject({ code: 'archive_too_large' });
  });
});

function zeros(count: number): Buffer[] {
  return Array.from({ length: count }, () => Buffer.from(xzOfZeros, 'base64'));
}

/** Bytes that do not compress well. */
function noise(length: number): Buffer {
  let state = 1;
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) {
    state = (state * 48_271) % 2_147_483_647;
    bytes[at] = state % 251;
  }
  return bytes;
}

/** Puts the right checksum into a header that was changed. */
function sign(header: Buffer): void {
  header.fill(' ', 148, 156);
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
