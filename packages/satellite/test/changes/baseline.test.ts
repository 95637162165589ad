import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, headerOf, inChunks, packAll } from '../../../engine/test/tar/tar-bytes.ts';
import { type BaselineEntry, readBaseline, recordBaseline } from '../../src/changes/baseline.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boatload-baseline-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (text: string): Buffer => Buffer.from(text, 'latin1');
const packed = packAll([
  headerOf({ path: at('data'), type: 'directory', mode: 0o777 }),
  headerOf({ path: at('./data/n\xff\n'), content: at('abc'), uid: 1000, mtime: new Date(1_600_000_000_900) }),
  headerOf({ path: at('data/l'), type: 'symlink', linkPath: at('\xfe') }),
  headerOf({ path: at('data/h'), type: 'link', linkPath: at('data/n\xff\n') }),
]);

async function all(file: string | undefined): Promise<BaselineEntry[]> {
  const list: BaselineEntry[] = [];
  for await (const entry of readBaseline(file)) list.push(entry);
  return list;
}

test.each([7, 512, 1_000_000])('a stream in portions of %d passes unchanged and is recorded', async (portion) => {
  const file = join(folder, `portions-${portion}`);
  const passed = await collect(recordBaseline(inChunks(packed, portion), file, { prefix: '/' }));
  expect(passed.equals(packed)).toBe(true);
  const common = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 1_700_000_000 };
  expect(await all(file)).toEqual([
    { ...common, key: '/data', type: 'directory', mode: 0o777 },
    {
      ...common,
      key: '/data/n\xff\n',
      type: 'file',
      uid: 1000,
      size: 3,
      mtime: 1_600_000_000,
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    },
    { ...common, key: '/data/l', type: 'symlink', target: '\xfe' },
    { ...common, key: '/data/h', type: 'link', linkKey: '/data/n\xff\n' },
  ]);
});

test('a second stream is recorded behind the first, below its own prefix', async () => {
  const file = join(folder, 'twice');
  await collect(recordBaseline(inChunks(packed), file, { prefix: '/' }));
  const more = packAll([headerOf({ path: at('x') })]);
  await collect(recordBaseline(inChunks(more), file, { prefix: '/var/lib' }));
  expect((await all(file)).map(({ key }) => key).slice(-2)).toEqual(['/data/h', '/var/lib/x']);
});

test('a broken archive fails the stream', async () => {
  const broken = recordBaseline(inChunks(packed.subarray(0, 1200)), join(folder, 'broken'), { prefix: '/' });
  await expect(collect(broken)).rejects.toMatchObject({ code: 'archive_invalid' });
});

test('an error of the source comes through, and leaving early ends everything', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield packed.subarray(0, 600);
    throw new Error('the source broke');
  }
  await expect(collect(recordBaseline(failing(), join(folder, 'failing'), { prefix: '/' }))).rejects.toThrow(
    'source broke',
  );
  for await (const _chunk of recordBaseline(inChunks(packed, 100), join(folder, 'left'), { prefix: '/' })) break;
});

test('where nothing was recorded there is nothing', async () => {
  expect(await all(undefined)).toEqual([]);
  expect(await all(join(folder, 'missing'))).toEqual([]);
});
