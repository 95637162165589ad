import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { encodeTarHeader, type TarHeader, tarEnd, tarPadding } from '@boatload/engine';
import { describe, expect, it } from 'vitest';
import { defaultLimits, type StagingLimits } from '../../src/staging/limits.ts';
import { ArchiveGuard } from '../../src/unpack/archive-guard.ts';
import { detectArchive } from '../../src/unpack/archive-kind.ts';
import { unpackArchive } from '../../src/unpack/unpack-archive.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { writeZip, type ZipInput } from '../harness/zip-writer.ts';

const run = promisify(execFile);

/** Unpacks bytes as staging does, and tells each entry as `type mode path content`. */
async function unpack(bytes: Buffer, limits: Partial<StagingLimits> = {}): Promise<readonly string[]> {
  await using dir = await makeTemporaryDirectory();
  const file = join(dir.path, 'archive');
  await writeFile(file, bytes);
  const guard = new ArchiveGuard({ ...defaultLimits, ...limits }, bytes.length);
  const kind = await detectArchive(file);
  const entries = unpackArchive({ file, kind: kind ?? 'tar' }, guard);
  const seen: string[] = [];
  for await (const entry of entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry.body) chunks.push(Buffer.from(chunk));
    const content = Buffer.concat(chunks);
    if (entry.type === 'file') expect(content.length).toBe(entry.size);
    const link = entry.linkPath === undefined ? '' : Buffer.from(entry.linkPath).toString('latin1');
    const path = Buffer.from(entry.path).toString('latin1');
    seen.push([entry.type, entry.mode.toString(8), path, link + content.toString('latin1').slice(0, 20)].join(' '));
  }
  return seen;
}

function tarOf(
  headers: readonly (Partial<Omit<TarHeader, 'path' | 'linkPath'>> & { path: string; link?: string; body?: string })[],
) {
  const parts = headers.flatMap(({ path, link, body = '', ...header }) => [
    encodeTarHeader({
      type: 'file',
      mode: 0o644,
      uid: 1,
      gid: 2,
      mtime: new Date(0),
      size: body.length,
      ...header,
      path: Buffer.from(path, 'latin1'),
      ...(link === undefined ? {} : { linkPath: Buffer.from(link, 'latin1') }),
    }),
    Buffer.from(body, 'latin1'),
    tarPadding(body.length),
  ]);
  return Buffer.concat([...parts, tarEnd]);
}

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('a zip', () => {
  it('keeps names, modes and directories', async () => {
    const zip = writeZip([
      { name: 'dir/', mode: 0o040750 },
      { name: 'dir/grüße ✓ %?.txt', content: 'hello', deflate: true },
      { name: 'deep/er/run.sh', content: '#!', mode: 0o104755 },
      { name: Buffer.from('caf\xe9', 'latin1'), content: 'raw' },
    ]);
    expect(await unpack(zip)).toEqual([
      'directory 750 dir ',
      `file 644 dir/${latin1('grüße ✓ %?.txt')} hello`,
      'directory 755 deep ',
      'directory 755 deep/er ',
      'file 755 deep/er/run.sh #!',
      'file 644 caf\xe9 raw',
    ]);
  });

  it('from Windows has readable files, its names in the code page of DOS and slashes', async () => {
    const zip = writeZip([{ name: Buffer.from('dir\\caf\x82.txt', 'latin1'), content: 'x', system: 0 }]);
    expect(await unpack(zip)).toEqual(['directory 755 dir ', `file 644 dir/${latin1('café.txt')} x`]);
  });

  it('may be empty', async () => {
    expect(await unpack(writeZip([]))).toEqual([]);
  });

  it.each<[string, string, readonly ZipInput[], Partial<StagingLimits>?]>([
    ['a name with ..', 'archive_unsafe', [{ name: '../evil' }]],
    ['a name with .. inside', 'archive_unsafe', [{ name: 'a/../../evil' }]],
    ['an absolute name', 'archive_unsafe', [{ name: '/etc/cron.d/evil' }]],
    ['a backslash trick', 'archive_unsafe', [{ name: Buffer.from('../staging/..\\evil'), system: 0 }]],
    ['a drive', 'archive_unsafe', [{ name: Buffer.from('C:\\evil'), system: 0 }]],
    ['a symbolic link', 'archive_unsafe', [{ name: 'link', content: 'a', mode: 0o120777 }]],
    ['a device', 'archive_unsafe', [{ name: 'device', mode: 0o060644 }]],
    ['a named pipe', 'archive_unsafe', [{ name: 'pipe', mode: 0o010644 }]],
    ['an encrypted file', 'archive_invalid', [{ name: 'secret', content: 'x'.repeat(20), flags: 0x801 }]],
    ['an unknown compression', 'archive_invalid', [{ name: 'a', content: 'abc', method: 12 }]],
    [
      'a size that is too small',
      'archive_invalid',
      [{ name: 'a', content: 'a'.repeat(99), deflate: true, claimedSize: 9 }],
    ],
    ['a size that is too large', 'archive_invalid', [{ name: 'a', content: 'abc', deflate: true, claimedSize: 999 }]],
    ['a stored size that lies', 'archive_invalid', [{ name: 'a', content: 'abc', claimedSize: 999 }]],
    [
      'a bomb',
      'archive_too_large',
      [{ name: 'a', content: Buffer.alloc(2_000_000), deflate: true }],
      { ratioFloor: 0, ratio: 100 },
    ],
    [
      'a claimed size beyond all limits',
      'archive_too_large',
      [{ name: 'a', content: 'a', deflate: true, claimedSize: 0xfffffffe }],
    ],
    ['too many entries', 'archive_too_large', [{ name: 'a' }, { name: 'b' }], { entries: 1 }],
  ])('with %s is refused with %s', async (_title, code, inputs, limits = {}) => {
    await expect(unpack(writeZip(inputs), limits)).rejects.toMatchObject({ code });
  });

  it('of zip64 is understood: sizes and places that stand in its own fields', async () => {
    const inputs: readonly ZipInput[] = [
      { name: 'stored', content: 'abc', zip64: true },
      { name: 'deflated', content: 'd'.repeat(1_000), deflate: true, zip64: true },
    ];
    expect(await unpack(writeZip(inputs))).toEqual(['file 644 stored abc', `file 644 deflated ${'d'.repeat(20)}`]);
  });

  it('of zip64 with more entries than others can have is understood', async () => {
    const inputs = Array.from({ length: 65_600 }, (_, index) => ({ name: `${index}`, content: `${index}` }));
    const seen = await unpack(writeZip(inputs));
    expect(seen).toHaveLength(65_600);
    expect(seen.at(-1)).toBe('file 644 65599 65599');
  });

  it('of zip64 whose sizes lie is refused', async () => {
    const lying = writeZip([{ name: 'a', content: 'abc', deflate: true, claimedSize: 999, zip64: true }]);
    await expect(unpack(lying)).rejects.toMatchObject({ code: 'archive_invalid' });
  });

  it('that is cut off is refused', async () => {
    const whole = writeZip([{ name: 'a', content: 'abc' }]);
    await expect(unpack(whole.subarray(0, -30))).rejects.toMatchObject({ code: 'archive_invalid' });
  });
});

describe('a tar', () => {
  it.each([
    ['plain', (bytes: Buffer) => bytes],
    ['gzipped', (bytes: Buffer) => gzipSync(bytes)],
  ])('that is %s keeps names, modes and links, not owners and set-user-id', async (_title, pack) => {
    const tar = tarOf([
      { path: './', type: 'directory', mode: 0o700 },
      { path: './a', body: 'hello', mode: 0o4755 },
      { path: './b', type: 'link', link: './a' },
      { path: './d/s', type: 'symlink', link: '../a' },
      { path: '\xff\n', body: 'raw' },
    ]);
    expect(await unpack(pack(tar))).toEqual([
      'file 755 a hello',
      'link 644 b a',
      'directory 755 d ',
      'symlink 777 d/s ../a',
      'file 644 \xff\n raw',
    ]);
  });

  it('of GNU tar is understood', async () => {
    await using dir = await makeTemporaryDirectory();
    await mkdir(join(dir.path, 'in/sub'), { recursive: true });
    await writeFile(join(dir.path, 'in/sub', `${'long'.repeat(40)}.txt`), 'content');
    await symlink('sub', join(dir.path, 'in/link'));
    const { stdout } = await run('tar', ['-C', join(dir.path, 'in'), '-cz', '--sort=name', '.'], {
      encoding: 'buffer',
    });
    expect(await unpack(stdout)).toEqual([
      'symlink 777 link sub',
      'directory 755 sub ',
      `file 644 sub/${'long'.repeat(40)}.txt content`,
    ]);
  });

  it.each<[string, string, Parameters<typeof tarOf>[0]]>([
    ['a name with ..', 'archive_unsafe', [{ path: '../evil' }]],
    ['an absolute name', 'archive_unsafe', [{ path: '/etc/passwd' }]],
    ['a symbolic link to outside', 'archive_unsafe', [{ path: 'l', type: 'symlink', link: '../..' }]],
    ['an absolute symbolic link', 'archive_unsafe', [{ path: 'l', type: 'symlink', link: '/etc' }]],
    [
      'a file written through a symbolic link',
      'archive_unsafe',
      [
        { path: 'l', type: 'symlink', link: '.' },
        { path: 'l/evil', body: 'x' },
      ],
    ],
    ['a hard link to outside', 'archive_unsafe', [{ path: 'l', type: 'link', link: '../../etc/shadow' }]],
    ['a device', 'archive_unsafe', [{ path: 'd', type: 'block', device: { major: 8, minor: 0 } }]],
    ['a named pipe', 'archive_unsafe', [{ path: 'p', type: 'fifo' }]],
  ])('with %s is refused with %s', async (_title, code, headers) => {
    await expect(unpack(tarOf(headers))).rejects.toMatchObject({ code });
  });

  it('that is cut off is refused, plain and gzipped', async () => {
    const tar = tarOf([{ path: 'a', body: 'x'.repeat(5_000) }]);
    await expect(unpack(tar.subarray(0, 2_000))).rejects.toMatchObject({ code: 'archive_invalid' });
    const random = Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 7_919) % 251)).toString('latin1');
    const packed = gzipSync(tarOf([{ path: 'a', body: random }]));
    await expect(unpack(packed.subarray(0, -20))).rejects.toMatchObject({ code: 'archive_invalid' });
  });

  it('that goes on for ever behind its end mark is refused', async () => {
    const packed = gzipSync(Buffer.concat([tarOf([{ path: 'a', body: 'x' }]), Buffer.alloc(20_000_000)]));
    const limits = { ratio: 1, ratioFloor: 100_000, entries: 10 };
    await expect(unpack(packed, limits)).rejects.toMatchObject({ code: 'archive_too_large' });
  });
});

describe('what an archive is', () => {
  it.each<[string, Buffer, string | undefined]>([
    ['a zip', writeZip([{ name: 'a' }]), 'zip'],
    ['an empty zip', writeZip([]), 'zip'],
    ['a tar', tarOf([{ path: 'a' }]), 'tar'],
    ['a gzipped tar', gzipSync(tarOf([{ path: 'a' }])), 'tar.gz'],
    ['a gzipped file', gzipSync('a,b\n1,2\n'.repeat(200)), undefined],
    ['what only begins like gzip', Buffer.from('\x1f\x8b nonsense', 'latin1'), undefined],
    ['text', Buffer.from('hello'), undefined],
    ['nothing', Buffer.alloc(0), undefined],
    ['zeros', Buffer.alloc(4_096), undefined],
  ])('is told by its bytes: %s', async (_title, bytes, kind) => {
    await using dir = await makeTemporaryDirectory();
    const file = join(dir.path, 'misleading.zip');
    await writeFile(file, bytes);
    expect(await detectArchive(file)).toBe(kind);
  });
});
