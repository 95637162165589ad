import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '@boatload/contract';
import { encodeTarHeader } from '@boatload/engine';
import { storeXz, storeZstd, zstdOfZeros } from '../../../packages/satellite/test/unpack/compression-builders.ts';
import { makeTar } from '../../harness/hostile-tar.ts';
import { makeHostileZip } from '../../harness/hostile-zip.ts';

const mebibyte = 1_048_576;
const zeros = (size: number): Buffer => Buffer.alloc(size);
const symlink = 0o120777;

/** Archives that would write outside their target, or fill the node, or cannot be read. */
export const hostileArchives: readonly (readonly [title: string, make: () => Buffer<ArrayBuffer>, code: ErrorCode])[] =
  [
    ['zip bomb whose entries share their bytes', makeZipBomb, 'archive_too_large'],
    ['tar.gz bomb', () => gzipSync(makeTar([{ name: 'zeros', content: zeros(160 * mebibyte) }])), 'archive_too_large'],
    [
      'zip that claims too little',
      () => makeHostileZip([{ name: 'a', content: zeros(mebibyte), claimedSize: 10 }]),
      'archive_invalid',
    ],
    [
      'zip that claims too much',
      () => makeHostileZip([{ name: 'a', content: 'x', claimedSize: 4_000_000_000 }]),
      'archive_too_large',
    ],
    [
      'zip with ../',
      () =>
        makeHostileZip([
          { name: 'good', content: 'x' },
          { name: '../evil', content: 'x' },
        ]),
      'archive_unsafe',
    ],
    ['zip with ../ in the middle', () => makeHostileZip([{ name: 'a/../../evil', content: 'x' }]), 'archive_unsafe'],
    ['zip with an absolute name', () => makeHostileZip([{ name: '/etc/evil', content: 'x' }]), 'archive_unsafe'],
    ['zip with ..\\', () => makeHostileZip([{ name: '..\\evil', content: 'x' }]), 'archive_unsafe'],
    [
      'zip with a symbolic link',
      () => makeHostileZip([{ name: 'link', content: '/etc/passwd', mode: symlink }]),
      'archive_unsafe',
    ],
    ['zip with a device', () => makeHostileZip([{ name: 'null', mode: 0o020666 }]), 'archive_unsafe'],
    [
      'zip that is cut off',
      () => makeHostileZip([{ name: 'a', content: 'hello' }]).subarray(0, -10),
      'archive_invalid',
    ],
    [
      'zip with a password',
      () => makeHostileZip([{ name: 'a', content: 'x'.repeat(20), isEncrypted: true }]),
      'archive_invalid',
    ],
    ['tar.zst with ../', () => Buffer.concat([storeZstd(outside())]), 'archive_unsafe'],
    ['tar.xz with ../', () => Buffer.concat([storeXz(outside())]), 'archive_unsafe'],
    ['tar.zst bomb', makeZstdBomb, 'archive_too_large'],
    ['tar.zst that asks for too much memory', () => Buffer.concat([storeZstd(outside(), 0xa8)]), 'archive_too_large'],
    ['tar.xz that is cut off', () => cutOff(Buffer.concat([storeXz(wide())])), 'archive_invalid'],
    ['tar.zst that is cut off', () => cutOff(Buffer.concat([storeZstd(wide())])), 'archive_invalid'],
    ['tar with ../', () => makeTar([{ name: '../evil', content: 'x' }]), 'archive_unsafe'],
    ['tar with an absolute name', () => makeTar([{ name: '/etc/evil', content: 'x' }]), 'archive_unsafe'],
    ['tar with a character device', () => makeTar([{ name: 'null', type: 'char' }]), 'archive_unsafe'],
    ['tar with a block device', () => makeTar([{ name: 'disk', type: 'block' }]), 'archive_unsafe'],
    ['tar with a named pipe', () => makeTar([{ name: 'pipe', type: 'fifo' }]), 'archive_unsafe'],
    ['tar with a link to /', () => makeTar([{ name: 'root', type: 'symlink', target: '/' }]), 'archive_unsafe'],
    [
      'tar with a link upward',
      () => makeTar([{ name: 'a/up', type: 'symlink', target: '../../..' }]),
      'archive_unsafe',
    ],
    [
      'tar that writes through a link of its own',
      () =>
        makeTar([
          { name: 'd', type: 'symlink', target: 'e' },
          { name: 'd/evil', content: 'x' },
        ]),
      'archive_unsafe',
    ],
    [
      'tar with a hard link outside',
      () => makeTar([{ name: 'shadow', type: 'link', target: '../etc/shadow' }]),
      'archive_unsafe',
    ],
    [
      'tar with a hard link to what is there already',
      () => makeTar([{ name: 'h', type: 'link', target: 'etc/shadow' }]),
      'archive_unsafe',
    ],
    [
      'tar.gz that is cut off',
      () => cutOff(gzipSync(makeTar([{ name: 'a', content: randomBytes(100_000) }]))),
      'archive_invalid',
    ],
    ['tar that is cut off', () => cutOff(makeTar([{ name: 'a', content: randomBytes(100_000) }])), 'archive_invalid'],
  ];

function outside(): Buffer {
  return makeTar([{ name: '../evil', content: 'x' }]);
}

function wide(): Buffer {
  return makeTar([{ name: 'a', content: randomBytes(400_000) }]);
}

/** 1 GiB of zeros out of 32 KB. */
function makeZstdBomb(): Buffer<ArrayBuffer> {
  const size = 1_024 * mebibyte;
  const header = encodeTarHeader({
    path: Buffer.from('zeros'),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size,
    mtime: new Date(0),
  });
  return Buffer.concat([storeZstd(header), zstdOfZeros(size / 131_072)]);
}

/** 40 times the same 16 MiB of zeros: 640 MiB out of 20 KB. */
function makeZipBomb(): Buffer<ArrayBuffer> {
  const rest = Array.from({ length: 39 }, (_, index) => ({ name: `zeros-${index}`, overlaps: true }));
  return makeHostileZip([{ name: 'zeros', content: zeros(16 * mebibyte) }, ...rest]);
}

function cutOff(archive: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  return archive.subarray(0, archive.length / 2);
}
