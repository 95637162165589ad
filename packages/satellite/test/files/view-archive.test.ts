import { appendFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { connectEngine, type Engine, getArchive } from '@boatload/engine';
import { afterAll, describe, expect, test } from 'vitest';
import { headerOf, type Packed, unpackAll } from '../../../engine/test/tar/tar-bytes.ts';
import { streamArchive } from '../../src/files/archive-changes.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { bytes } from '../read-target.ts';
import { makeStagedTarget, type StagedKind, stagedKinds } from '../staged-target.ts';
import { describePath, unpackWithGnuTar } from './unpacked.ts';

const engine: Engine = connectEngine();
afterAll(() => engine.close());

const file = (path: string): Packed => headerOf({ path: bytes(`data/${path}`), content: bytes(path) });
const directory = (path: string): Packed => headerOf({ path: bytes(`data/${path}`), type: 'directory', mode: 0o755 });
const seed: readonly Packed[] = [
  file('same'),
  file('more'),
  file('gone\xff'),
  directory('dir'),
  file('dir/in'),
  directory('kept'),
  file('kept/gone'),
  file('kept/same'),
  directory('to-file'),
  file('to-file/a'),
  directory('again'),
  file('again/lost'),
];

const script = `umask 022; cd /data; rm gone*; rm -r dir; echo and >> more; rm kept/gone; ln same linked; ln linked kept/linked
printf new > new; ln new kept/new; chmod 4755 new; chown 1000:50 new; ln -s "$(printf '../\\377')" link; mkfifo fifo; mknod c c 5 300; mknod b b 7 9
rm -r to-file; printf file > to-file; rm -r again; mkdir again; printf 1 > again/in; : > empty
L=$(head -c 200 /dev/zero | tr '\\0' l); mkdir -p $L/$L; printf long > $L/$L/é; printf '%s' "$L" > "$(printf 'r\\377w\\nl')"
head -c 300000 /dev/urandom > /data/large; head -c 700000 /dev/zero > zeros
node -e "require('net').createServer().listen('/data/socket', () => process.kill(process.pid, 'SIGKILL'))"
find . -exec touch -h -d @1600000000 '{}' +`;

type Listed = Omit<Packed, 'content' | 'path' | 'linkPath'> & { readonly path: string; readonly linkPath: string };

async function readArchive(kind: StagedKind): Promise<Listed[]> {
  await using made = await makeStagedTarget(engine, { kind, entries: seed, script });
  const entries = await unpackAll(streamArchive(engine, made.target));
  const text = (name: Uint8Array | undefined): string => Buffer.from(name ?? []).toString('latin1');
  return entries
    .filter(({ path }) => text(path).startsWith('data/'))
    .map(({ content, path, linkPath, ...header }) => ({
      ...header,
      path: text(path),
      linkPath: text(linkPath),
      // That of one file is random.
      content: text(path) === 'data/large' ? content.length : content.toString('latin1'),
    }));
}

test('of a view the archive is the same as of a volume, entry by entry', async () => {
  const [ofView, ofVolume] = await Promise.all([readArchive('view'), readArchive('volume')]);
  expect(ofView.length).toBeGreaterThan(25);
  expect(ofView.map(({ path }) => path)).toEqual(ofVolume.map(({ path }) => path));
  expect(ofView).toEqual(ofVolume);
});

describe.each(stagedKinds)('a %s', (kind) => {
  test('unpacks to what is in it, with whiteouts right behind their directories', async () => {
    await using folder = await makeTemporaryDirectory();
    await using made = await makeStagedTarget(engine, { kind, entries: seed, script: `${script}; rm -f socket` });
    const [ours, truth] = [join(folder.path, 'ours'), join(folder.path, 'truth')];
    await unpackWithGnuTar(streamArchive(engine, made.target), ours);
    await unpackWithGnuTar(await getArchive(engine, made.target.containerId, bytes('/data')), truth);
    const names = (await unpackAll(streamArchive(engine, made.target))).map(({ path }) => Buffer.from(path));
    const whiteouts = names.map((name) => name.toString('latin1')).filter((name) => name.includes('.wh.'));
    expect(whiteouts.sort()).toEqual(
      ['data/.wh.dir', 'data/.wh.gone\xff', 'data/again/.wh.lost', 'data/kept/.wh.gone'].sort(),
    );
    for (const name of names) {
      if (!name.includes('data/') || name.includes('.wh.') || name.includes('linked')) continue;
      const path = Buffer.concat([bytes('/'), name]);
      expect(await describePath(ours, path), name.toString()).toEqual(await describePath(truth, path));
    }
  });
});

describe('a view that changes while it is archived', () => {
  /** The archive's entries; `meanwhile` is called when the first large file has begun to come. */
  async function archiveWhile(meanwhile: (upper: string) => Promise<void>): Promise<Packed[]> {
    const fill = 'cd /data; head -c 3000000 /dev/zero | tr "\\\\0" x > large; echo later > z-later';
    await using made = await makeStagedTarget(engine, { kind: 'view', entries: seed, script: fill });
    async function* watched(): AsyncGenerator<Uint8Array> {
      let passed = 0;
      for await (const chunk of streamArchive(engine, made.target)) {
        if (passed < 1_000 && passed + chunk.length >= 1_000) await meanwhile(made.view?.upper ?? '');
        passed += chunk.length;
        yield chunk;
      }
    }
    return await unpackAll(watched());
  }
  const sizes = (entries: readonly Packed[]): unknown =>
    entries.map(({ path, content }) => [Buffer.from(path).toString(), content.length]);

  test('gives a file that becomes shorter filled up with zeros', async () => {
    const entries = await archiveWhile((upper) => truncate(join(upper, 'large'), 10));
    expect(sizes(entries)).toEqual([
      ['data/large', 3_000_000],
      ['data/z-later', 6],
    ]);
    expect(entries[0]?.content.subarray(0, 10).toString()).toBe('xxxxxxxxxx');
    expect(entries[0]?.content.at(-1)).toBe(0);
  });

  test('gives of a file that grows what was there', async () => {
    const entries = await archiveWhile((upper) => appendFile(join(upper, 'large'), 'more'));
    expect(sizes(entries)).toEqual([
      ['data/large', 3_000_000],
      ['data/z-later', 6],
    ]);
    expect(entries[0]?.content.every((byte) => byte === 'x'.charCodeAt(0))).toBe(true);
  });
});

test('an archive of a view that nobody reads on is let go of', async () => {
  const fill = 'head -c 3000000 /dev/zero > /data/large';
  await using made = await makeStagedTarget(engine, { kind: 'view', script: fill });
  for await (const _chunk of streamArchive(engine, made.target)) break;
  const giveUp = new AbortController();
  const reading = (async () => {
    for await (const _ of streamArchive(engine, made.target, { signal: giveUp.signal })) giveUp.abort();
  })();
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});
