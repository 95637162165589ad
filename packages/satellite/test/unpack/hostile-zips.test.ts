import { describe, it } from 'vitest';
import { defaultLimits, type StagingLimits } from '../../src/staging/limits.ts';
import { writeZip, type ZipInput } from '../harness/zip-writer.ts';
import { expectRefusal } from './tree-rig.ts';

const first: ZipInput = { name: 'harmless', content: 'first' };

describe('a hostile zip', () => {
  it.each<[string, string, readonly ZipInput[], Partial<StagingLimits>?]>([
    ['a name with ..', 'archive_unsafe', [{ name: '../canary', content: 'x' }]],
    ['a name with .. inside', 'archive_unsafe', [{ name: 'a/../../canary', content: 'x' }]],
    ['an absolute name', 'archive_unsafe', [{ name: '/tmp/boatload-evil', content: 'x' }]],
    ['an absolute name of Windows', 'archive_unsafe', [{ name: Buffer.from('C:\\evil'), system: 0 }]],
    ['a backslash trick', 'archive_unsafe', [{ name: Buffer.from('a\\..\\..\\canary'), system: 0 }]],
    ['a symbolic link', 'archive_unsafe', [{ name: 'l', content: '../canary', mode: 0o120777 }]],
    ['a character device', 'archive_unsafe', [{ name: 'd', mode: 0o020644 }]],
    ['a block device', 'archive_unsafe', [{ name: 'd', mode: 0o060644 }]],
    ['a named pipe', 'archive_unsafe', [{ name: 'p', mode: 0o010644 }]],
    ['an encrypted file', 'archive_invalid', [{ name: 'secret', content: 'x'.repeat(20), flags: 0x801 }]],
    [
      'a size that is too small',
      'archive_invalid',
      [{ name: 'a', content: 'a'.repeat(99), deflate: true, claimedSize: 9 }],
    ],
    ['a size that is too large', 'archive_invalid', [{ name: 'a', content: 'abc', deflate: true, claimedSize: 999 }]],
    ['a stored size that lies', 'archive_invalid', [{ name: 'a', content: 'abc', claimedSize: 999 }]],
    [
      'a claim beyond all limits',
      'archive_too_large',
      [{ name: 'a', content: 'a', deflate: true, claimedSize: 0xfffffffe }],
    ],
    [
      'a bomb',
      'archive_too_large',
      [{ name: 'a', content: Buffer.alloc(2_000_000), deflate: true }],
      { ratioFloor: 0, ratio: 100 },
    ],
    [
      'a bomb that hides its size',
      'archive_invalid',
      [{ name: 'a', content: Buffer.alloc(2_000_000), deflate: true, claimedSize: 10 }],
    ],
    [
      'a directory in the place of a file',
      'archive_invalid',
      [
        { name: 'a', content: 'x' },
        { name: 'a/', mode: 0o040755 },
      ],
    ],
    [
      'a file in the place of a directory',
      'archive_invalid',
      [
        { name: 'a/', mode: 0o040755 },
        { name: 'a', content: 'x' },
      ],
    ],
    [
      'a file below a file',
      'archive_invalid',
      [
        { name: 'a', content: 'x' },
        { name: 'a/b', content: 'x' },
      ],
    ],
    ['a component that is too long', 'archive_invalid', [{ name: 'n'.repeat(256) }]],
    ['a path that is too long', 'archive_invalid', [{ name: 'n/'.repeat(1_537) }]],
    ['a NUL in a name', 'archive_invalid', [{ name: 'a\0b' }]],
    ['too many entries', 'archive_too_large', [{ name: 'a' }, { name: 'b' }], { entries: 2 }],
  ])('with %s is refused with %s', async (_title, code, inputs, limits = {}) => {
    await expectRefusal(writeZip([first, ...inputs]), code, { limits: { ...defaultLimits, ...limits } });
  });

  it('that is cut off is refused', async () => {
    await expectRefusal(writeZip([first]).subarray(0, -30), 'archive_invalid');
  });

  it('with the sizes of zip64 that no archive can have is refused', async () => {
    const zip = writeZip([first]);
    // The end record says that the true one is elsewhere, where there is none.
    zip.fill(0xff, zip.length - 14, zip.length - 2);
    await expectRefusal(zip, 'archive_invalid');
  });
});
