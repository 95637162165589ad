import { afterAll, describe, expect, test } from 'vitest';
import {
  changesOf,
  connectEngine,
  decodeTar,
  exportContainer,
  getArchive,
  inspectContainer,
  putArchive,
  statArchive,
} from '../src/index.ts';
import { makeScratch } from './scratch-container.ts';
import { collect, headerOf, inChunks, packAll, unpackAll } from './tar/tar-bytes.ts';

const engine = connectEngine();
afterAll(() => engine.close());
const at = (path: string): Buffer => Buffer.from(path, 'latin1');

const script = `cd /tmp; printf one > 'a b%?'; printf two > "$(printf 'n\\377')"; ln -s 'a b%?' link; ln -s circle circle
mkfifo fifo; chmod 2755 /tmp; chmod 4640 'a b%?'; rm /etc/group`;

describe.each([
  ['an exited container', script, false],
  ['a running container', `${script}; echo ready; sleep 600`, true],
])('%s', (_name, run, ready) => {
  test('tells what is at a path', async () => {
    await using scratch = await makeScratch(engine, { script: run, ready });
    expect(await statArchive(engine, scratch.id, at('/tmp/a b%?'))).toMatchObject({
      type: 'file',
      size: 3,
      mode: 0o4640,
    });
    expect(await statArchive(engine, scratch.id, at('/tmp/n\xff'))).toMatchObject({ type: 'file', size: 3 });
    expect(await statArchive(engine, scratch.id, at('/tmp'))).toMatchObject({ type: 'directory', mode: 0o2755 });
    expect(await statArchive(engine, scratch.id, at('/tmp/fifo'))).toMatchObject({ type: 'fifo' });
    expect(await statArchive(engine, scratch.id, at('/tmp/link'))).toMatchObject({
      type: 'symlink',
      linkTarget: '/tmp/a b%?',
    });
  });

  test('gives a file as tar, and lets go of it when it is left', async () => {
    await using scratch = await makeScratch(engine, { script: run, ready });
    const entries = await unpackAll(await getArchive(engine, scratch.id, at('/tmp/a b%?')));
    expect(entries).toMatchObject([{ path: at('a b%?'), content: Buffer.from('one') }]);
    const inDirectory = await unpackAll(await getArchive(engine, scratch.id, at('/tmp/.')));
    expect(inDirectory).toContainEqual(expect.objectContaining({ path: at('./n\xff'), content: Buffer.from('two') }));
    for await (const entry of decodeTar(await getArchive(engine, scratch.id, at('/')))) {
      expect(entry.type).toBe('directory');
      break;
    }
    // The Engine answers for the container again only once the archive was let go of.
    expect((await inspectContainer(engine, scratch.id))?.id).toBe(scratch.id);
  });

  test('lists its changes', async () => {
    await using scratch = await makeScratch(engine, { script: run, ready });
    const changes = await changesOf(engine, scratch.id);
    expect(changes).toContainEqual({ path: '/tmp/a b%?', kind: 'added' });
    expect(changes).toContainEqual({ path: '/tmp/n\ufffd', kind: 'added' });
    expect(changes).toContainEqual({ path: '/etc/group', kind: 'deleted' });
    expect(changes).toContainEqual({ path: '/tmp', kind: 'modified' });
  });
});

test.each([
  ['/nowhere', 'it does not exist'],
  ['/etc/passwd/x', 'not a directory'],
  ['/tmp/circle', 'circle'],
])('%s is refused with file_not_found and the reason', async (path, reason) => {
  await using scratch = await makeScratch(engine, { script });
  const refused = { code: 'file_not_found', message: expect.stringContaining(reason) };
  await expect(statArchive(engine, scratch.id, at(path))).rejects.toMatchObject(refused);
  await expect(getArchive(engine, scratch.id, at(`${path}/.`))).rejects.toMatchObject({ code: 'file_not_found' });
});

test.each([
  ['the stat of a path', () => statArchive(engine, 'nobody', at('/'))],
  ['an archive', () => getArchive(engine, 'nobody', at('/'))],
  ['an export', () => exportContainer(engine, 'nobody')],
  ['the changes', () => changesOf(engine, 'nobody')],
])('a container that is gone is named as that when asked for %s', async (_name, call) => {
  await expect(call()).rejects.toMatchObject({ code: 'attempt_not_found' });
});

test('what is put into a container, also into its volumes, is found in it', async () => {
  await using scratch = await makeScratch(engine, { script: 'true', volumes: ['/data'] });
  const packed = packAll([
    headerOf({ path: at('data/w\xfe'), content: Buffer.from('in the volume') }),
    headerOf({ path: at('opt'), type: 'directory', mode: 0o700 }),
    headerOf({ path: at('opt/large'), content: Buffer.alloc(3_000_000, 7) }),
  ]);
  await putArchive(engine, scratch.id, at('/'), { bytes: inChunks(packed) });
  expect(await statArchive(engine, scratch.id, at('/data/w\xfe'))).toMatchObject({ size: 13 });
  const exported = new Map<string, Buffer>();
  for await (const entry of decodeTar(await exportContainer(engine, scratch.id))) {
    if (entry.type === 'file' && Buffer.from(entry.path).toString().startsWith('opt')) {
      exported.set(Buffer.from(entry.path).toString(), await collect(entry.body));
    }
  }
  expect([...exported.keys()]).toEqual(['opt/large']);
  expect(exported.get('opt/large')?.equals(Buffer.alloc(3_000_000, 7))).toBe(true);
});
