import { createReadStream } from 'node:fs';
import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeTar, encodeTarHeader, tarEnd, tarPadding } from '../../src/index.ts';
import { headerOf, inChunks, type Packed, packAll, run, unpackAll } from './tar-bytes.ts';

const nameBytes = fc
  .uint8Array({ minLength: 1, maxLength: 400, min: 1 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x2f ? 0x2e : byte))));
const pathBytes = fc
  .array(nameBytes, { minLength: 1, maxLength: 4 })
  .map((names) => Buffer.concat(names.flatMap((name, at) => (at === 0 ? [name] : [Buffer.from('/'), name]))));

const packed = fc.oneof(
  fc.record({ path: pathBytes, content: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)) }),
  fc.record({ path: pathBytes, type: fc.constantFrom('directory' as const, 'fifo' as const) }),
  fc.record({ path: pathBytes, type: fc.constantFrom('symlink' as const, 'link' as const), linkPath: pathBytes }),
  fc.record({
    path: pathBytes,
    type: fc.constantFrom('char' as const, 'block' as const),
    device: fc.record({ major: fc.nat(4095), minor: fc.nat(0o7777777) }),
  }),
);
const numbers = fc.record({
  mode: fc.nat(0o7777),
  uid: fc.nat(0xffff_fffe),
  gid: fc.nat(0xffff_fffe),
  mtime: fc.date({ min: new Date('1901-01-01'), max: new Date('2400-01-01'), noInvalidDate: true }),
});
const archive = fc.array(
  fc.tuple(packed, numbers).map(([fields, more]) => headerOf({ ...fields, ...more })),
  { maxLength: 8 },
);

describe('our codec', () => {
  test('reads back what it wrote, for any bytes in names, in any portions', async () => {
    await fc.assert(
      fc.asyncProperty(archive, fc.integer({ min: 1, max: 3000 }), async (entries, portion) => {
        expect(await unpackAll(inChunks(packAll(entries), portion))).toEqual(entries);
      }),
      { numRuns: 200 },
    );
  });

  test('keeps sizes from 8 GiB on', async () => {
    const size = 9 * 1024 ** 3;
    const header = encodeTarHeader(headerOf({ path: Buffer.from('large'), size }));
    for await (const entry of decodeTar(inChunks(header))) {
      expect(entry.size).toBe(size);
      break;
    }
  });

  test('skips bodies that nobody reads, also half read ones', async () => {
    const entries = ['a', 'b', 'c'].map((name) =>
      headerOf({ path: Buffer.from(name), content: Buffer.alloc(5000, name) }),
    );
    const seen: string[] = [];
    for await (const entry of decodeTar(inChunks(packAll(entries), 700))) {
      seen.push(Buffer.from(entry.path).toString());
      if (seen.length !== 2) continue;
      for await (const chunk of entry.body) {
        expect(chunk[0]).toBe(0x62);
        break;
      }
    }
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('lets go of its source when its reader leaves', async () => {
    let released = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* inChunks(packAll([headerOf({ path: Buffer.from('a') }), headerOf({ path: Buffer.from('b') })]), 100);
      } finally {
        released = true;
      }
    }
    for await (const _entry of decodeTar(source())) break;
    expect(released).toBe(true);
  });

  test('reads 20,000 small entries quickly', async () => {
    const entries = Array.from({ length: 20_000 }, (_, at) =>
      headerOf({ path: Buffer.from(`some/directory/file-${at}`), content: Buffer.from(`content ${at}`) }),
    );
    const packing = performance.now();
    const bytes = packAll(entries);
    const reading = performance.now();
    let count = 0;
    for await (const entry of decodeTar(inChunks(bytes))) count += entry.type === 'file' ? 1 : 0;
    const done = performance.now();
    console.log(
      `20,000 entries: ${(reading - packing).toFixed(0)} ms to write, ${(done - reading).toFixed(0)} ms to read`,
    );
    expect(count).toBe(20_000);
    expect(done - reading).toBeLessThan(5000);
  });
});

describe('a broken archive is refused with archive_invalid', () => {
  const whole = packAll([
    headerOf({ path: Buffer.from('ä'.repeat(90)), content: Buffer.alloc(1000, 1) }),
    headerOf({ path: Buffer.from('b'), content: Buffer.alloc(10) }),
  ]);
  const damaged = Buffer.from(whole);
  damaged[3] = 0x7a;
  const sparse = Buffer.from(encodeTarHeader(headerOf({ path: Buffer.from('s') })));
  sparse.write('S', 156);
  sparse.write(sum(sparse).toString(8).padStart(6, '0'), 148);

  test.each([
    ['cut off in a header', whole.subarray(0, 300)],
    ['cut off in an extended header', whole.subarray(0, 600)],
    ['cut off in a body', whole.subarray(0, 2000)],
    ['cut off before its end mark', whole.subarray(0, whole.length - tarEnd.length)],
    ['empty', Buffer.alloc(0)],
    ['with a wrong checksum', damaged],
    ['that is no archive', Buffer.alloc(2048, 'text')],
    ['with a sparse file', Buffer.concat([sparse, tarEnd])],
  ])('%s', async (_name, bytes) => {
    await expect(unpackAll(inChunks(bytes))).rejects.toMatchObject({ code: 'archive_invalid' });
  });
});

function sum(block: Buffer): number {
  return block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

const awkwardNames: readonly Buffer[] = [
  Buffer.from('plain'),
  Buffer.from('with space and % and ?'),
  Buffer.from('line\nbreak'),
  Buffer.from('ünïcödé-文字'),
  Buffer.from([0x6c, 0xff, 0xfe, 0x61, 0x74, 0x69, 0x6e]),
  Buffer.concat([Buffer.from('long-'.repeat(45)), Buffer.from([0xff])]),
  Buffer.from(`${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(200)}`),
  Buffer.from(`${'g'.repeat(80)}/${'h'.repeat(90)}`),
];

describe('GNU tar and we understand each other', () => {
  let root: string;
  const at = (...names: readonly Buffer[]): Buffer =>
    Buffer.concat([Buffer.from(root), ...names.flatMap((name) => [Buffer.from('/'), name])]);

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'boatload-tar-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test('GNU tar lists and unpacks what we packed, byte for byte', async () => {
    const target = Buffer.from('out');
    await mkdir(at(target));
    const entries = awkwardNames.flatMap((name, index): Packed[] => [
      ...parentsOf(name).map((path) => headerOf({ path, type: 'directory', mode: 0o755 })),
      headerOf({
        path: name,
        mode: 0o640,
        content: Buffer.alloc(index * 300, index),
        mtime: new Date(1_600_000_000_250),
      }),
      headerOf({ path: Buffer.concat([name, Buffer.from('.ln')]), type: 'symlink', linkPath: name }),
    ]);
    const bytes = packAll(entries);
    const listed = await run('tar', ['-t', '--quoting-style=escape'], bytes);
    expect(listed.toString().trimEnd().split('\n')).toHaveLength(entries.length);
    await run('tar', ['-x', '-C', join(root, 'out')], bytes);
    for (const [index, name] of awkwardNames.entries()) {
      expect(await readFile(at(target, name))).toEqual(Buffer.alloc(index * 300, index));
      const stat = await lstat(at(target, name));
      expect(stat.mode & 0o7777).toBe(0o640);
      expect(stat.mtimeMs).toBe(1_600_000_000_250);
      expect(await readlink(at(target, Buffer.concat([name, Buffer.from('.ln')])), 'buffer')).toEqual(name);
    }
  });

  test.each(['gnu', 'pax', 'ustar'])('we read what GNU tar packs as %s', async (format) => {
    const names = format === 'ustar' ? awkwardNames.filter((name) => name.length < 100) : awkwardNames;
    const source = Buffer.from(`in-${format}`);
    await mkdir(at(source));
    for (const [index, name] of names.entries()) {
      for (const parent of parentsOf(name)) await mkdir(at(source, parent), { recursive: true });
      await writeFile(at(source, name), Buffer.alloc(index * 700, index));
      await utimes(at(source, name), 1_500_000_000, 1_500_000_000);
    }
    await symlink(Buffer.from([0x78, 0xff]), at(source, Buffer.from('link')));
    const bytes = await run('tar', ['-c', `--format=${format}`, '-C', join(root, `in-${format}`), '.']);
    const entries = new Map((await unpackAll(inChunks(bytes))).map((entry) => [hex(entry.path), entry]));
    for (const [index, name] of names.entries()) {
      const entry = entries.get(hex(Buffer.concat([Buffer.from('./'), name])));
      expect(entry?.content).toEqual(Buffer.alloc(index * 700, index));
      expect(entry?.mtime).toEqual(new Date(1_500_000_000_000));
    }
    expect(entries.get(hex(Buffer.from('./link')))?.linkPath).toEqual(Buffer.from([0x78, 0xff]));
    expect(entries.get(hex(Buffer.from('.')))?.type).toBe('directory');
    expect(await readdir(at(source))).toHaveLength(
      new Set(names.map((name) => name.toString('latin1').split('/')[0])).size + 1,
    );
  });

  test('we read large numbers in base 256', async () => {
    await writeFile(join(root, 'owned'), 'x');
    const args = ['-c', '--format=gnu', '--owner=someone:3000000', '--mtime=@-86400', '-C', root, 'owned'];
    const [entry] = await unpackAll(inChunks(await run('tar', args)));
    expect(entry).toMatchObject({ uid: 3_000_000, mtime: new Date(-86_400_000) });
  });

  test.each(['gnu', 'pax'])('we refuse a sparse file that GNU tar packed as %s', async (format) => {
    const file = await open(join(root, `sparse-${format}`), 'w');
    await file.truncate(1_000_000);
    await file.close();
    const archivePath = join(root, `sparse-${format}.tar`);
    await run('tar', ['-c', '-S', `--format=${format}`, '-f', archivePath, '-C', root, `sparse-${format}`]);
    await expect(unpackAll(createReadStream(archivePath))).rejects.toMatchObject({ code: 'archive_invalid' });
  });

  test('padding fills the last block', () => {
    expect([0, 1, 511, 512, 513].map((size) => tarPadding(size).length)).toEqual([0, 511, 1, 0, 511]);
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function parentsOf(path: Buffer): Buffer[] {
  const parents: Buffer[] = [];
  for (let slash = path.indexOf(0x2f); slash >= 0; slash = path.indexOf(0x2f, slash + 1)) {
    parents.push(path.subarray(0, slash));
  }
  return parents;
}
