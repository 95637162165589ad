import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePath } from '@boatload/contract';
import { connectEngine, decodeTar, exportContainer, getArchive } from '@boatload/engine';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { headerOf } from '../../../engine/test/tar/tar-bytes.ts';
import { listChanges } from '../../src/changes/list-changes.ts';
import { streamArchive } from '../../src/files/archive-changes.ts';
import type { ReadTarget } from '../../src/state/attempt-record.ts';
import { makeGate } from '../container-gate.ts';
import { bytes, makeTarget } from '../read-target.ts';
import { stage } from '../staged-volume.ts';
import { describePath, unpackWithGnuTar } from './unpacked.ts';

const engine = connectEngine();
let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'boatload-archive-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 't-'));
});
afterAll(async () => {
  engine.close();
  await rm(root, { recursive: true, force: true });
});

/**
 * Unpacks our archive and, beside it, the Engine's export and its copy of the mount; then everything that is
 * listed as changed must be the same in both, and nothing else be in ours.
 */
async function compare(target: ReadTarget): Promise<{ readonly files: number; readonly whiteouts: readonly string[] }> {
  const [ours, truth] = [join(folder, 'ours'), join(folder, 'truth')];
  await unpackWithGnuTar(streamArchive(engine, target), ours);
  const slim = ['--exclude=usr/bin/*', '--exclude=usr/lib/*-linux-gnu/*', '--exclude=dev/*'];
  await unpackWithGnuTar(await exportContainer(engine, target.containerId), truth, ...slim);
  for (const { path } of target.mounts) {
    await unpackWithGnuTar(await getArchive(engine, target.containerId, bytes(path)), truth);
  }
  const left = new Set(await pathsBelow(ours));
  let files = 0;
  const whiteouts: string[] = [];
  for await (const change of listChanges(engine, target)) {
    const path = decodePath(change);
    const key = path.toString('latin1');
    if (change.kind === 'deleted') {
      const whiteout = key.replace(/([^/]*)$/, '.wh.$1');
      expect(left.delete(whiteout), whiteout).toBe(true);
      whiteouts.push(whiteout);
      continue;
    }
    if (change.type === 'socket') continue;
    expect(left.delete(key), key).toBe(true);
    expect(await describePath(ours, path), key).toEqual(await describePath(truth, path));
    if (change.type === 'file') files += 1;
  }
  const unlisted = [...left].filter((path) => !isParentOfMount(path, target));
  expect(unlisted).toEqual([]);
  return { files, whiteouts };
}

function isParentOfMount(path: string, target: ReadTarget): boolean {
  return target.mounts.some((mount) => mount.path === path || mount.path.startsWith(`${path}/`));
}

async function pathsBelow(directory: string): Promise<string[]> {
  const paths: string[] = [];
  const pending = [Buffer.from('')];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const name of await readdir(Buffer.concat([Buffer.from(directory), at]), {
      withFileTypes: true,
      encoding: 'buffer',
    })) {
      const path = Buffer.concat([at, Buffer.from('/'), name.name]);
      paths.push(path.toString('latin1'));
      if (name.isDirectory()) pending.push(path);
    }
  }
  return paths;
}

const awkward = `umask 022; cd /tmp; printf 1 > 'a b%?'; printf 12 > "$(printf 'n\\nl')"; printf 123 > "$(printf 'r\\377w')"
mkdir -p "$(printf 'd\\376r/in')"; printf 1234 > "$(printf 'd\\376r/in/f\\375')"; printf é > é; mkfifo fifo
L=$(head -c 200 /dev/zero | tr '\\0' l); mkdir $L; printf long > $L/$L; ln -s ../tmp/$L/$L longlink; ln $L/$L $L/hard
printf 'twice' > once; ln once twice; chmod 4711 'a b%?'; chown 1000:1000 once; rm /etc/group; rm -r /home
node -e "require('net').createServer().listen('/tmp/sock', () => process.kill(process.pid, 'SIGKILL'))"
printf v > "$(printf '/data/v\\377')"; mkdir /data/sub; printf x > /data/sub/x; ln /data/sub/x /data/y; ln -s "$(printf 'v\\377')" /data/l`;
const nodes = 'mknod chr c 1 3; mknod blk b 7 9';

describe.each([
  ['few changes', ''],
  ['many changes', 'for i in $(seq 40); do echo $i > /tmp/many$i; done'],
])('%s', (_name, more) => {
  test.each([
    ['an exited container', false],
    ['a running container', true],
  ])('of %s unpack to what is in it', async (_kind, ready) => {
    const script = `${awkward}\n${nodes}\n${more}${ready ? '\necho ready; sleep 600' : ''}`;
    await using made = await makeTarget(engine, { script, ready, volumes: ['/data'], injected: ['/data'] });
    const { files, whiteouts } = await compare(made.target);
    expect(files).toBeGreaterThanOrEqual(11);
    expect([...whiteouts].sort()).toEqual(['/.wh.home', '/etc/.wh.group']);
    const links = await stat(join(folder, 'ours/tmp/once'));
    expect(links.ino).toBe((await stat(join(folder, 'ours/tmp/twice'))).ino);
  });
});

test('two or three changes are read one by one', async () => {
  await using made = await makeTarget(engine, {
    script: 'echo one > /tmp/one; echo three > /etc/three; rm /etc/passwd',
  });
  expect(await compare(made.target)).toEqual({ files: 2, whiteouts: ['/etc/.wh.passwd'] });
});

test('a staged mount gives what was changed in it, and whiteouts for what was deleted', async () => {
  const baselineFile = join(folder, 'baseline');
  const entries = [
    headerOf({ path: bytes('data/same'), content: bytes('same') }),
    headerOf({ path: bytes('data/gone\xff'), content: bytes('g') }),
    headerOf({ path: bytes('data/dir'), type: 'directory' }),
    headerOf({ path: bytes('data/dir/in'), content: bytes('i') }),
    headerOf({ path: bytes('data/more'), content: bytes('more') }),
  ];
  await using made = await makeTarget(engine, {
    script: 'cd /data; rm gone*; rm -r dir; echo and >> more; ln same linked; echo new > new',
    volumes: ['/data'],
    injected: ['/data'],
    baselineFile,
    beforeStart: (scratch) => stage(engine, scratch, { entries, baselineFile }),
  });
  await unpackWithGnuTar(streamArchive(engine, made.target), join(folder, 'ours'));
  expect((await pathsBelow(join(folder, 'ours'))).sort()).toEqual([
    '/data',
    '/data/.wh.dir',
    '/data/.wh.gone\xff',
    '/data/linked',
    '/data/more',
    '/data/new',
  ]);
});

test('a container without changes gives an empty archive', async () => {
  await using made = await makeTarget(engine, { script: 'true' });
  await unpackWithGnuTar(streamArchive(engine, made.target), join(folder, 'ours'));
  expect(await readdir(join(folder, 'ours'))).toEqual([]);
});

test('directories stand before their content', async () => {
  await using made = await makeTarget(engine, {
    script:
      'mkdir -p /tmp/a/b /etc/x; echo 1 > /tmp/a/b/c; echo 2 > /tmp/a-b; echo 3 > /etc/x/y; for i in $(seq 30); do echo > /etc/$i; done',
  });
  const seen = new Set<string>();
  for await (const { path } of decodeTar(streamArchive(engine, made.target))) {
    const key = Buffer.from(path).toString();
    if (key.includes('/')) expect(seen).toContain(key.slice(0, key.lastIndexOf('/')));
    seen.add(key);
  }
  expect(seen.size).toBe(38);
});

test.each([
  ['in a new directory', '/out', ''],
  ['by itself', '/tmp', ''],
  ['among many', '/tmp', 'for i in $(seq 40); do echo $i > /tmp/zz$i; done'],
])('a file that becomes shorter while it is read, %s, leaves the archive whole', async (_name, directory, more) => {
  await using gate = await makeGate(engine);
  const script = `mkdir -p ${directory}; head -c 200000000 /dev/zero | tr '\\0' x > ${directory}/shrinks; echo later > ${directory}/z-later
${more}\necho ready; ${gate.wait}; echo short > ${directory}/shrinks; ${gate.tell}; sleep 600`;
  await using made = await makeTarget(engine, { script, ready: true });
  const sizes = new Map<string, number>();
  async function* shortenMeanwhile(): AsyncGenerator<Uint8Array> {
    let passed = 0;
    for await (const chunk of streamArchive(engine, made.target)) {
      passed += chunk.length;
      if (passed > 1_000_000 && passed - chunk.length <= 1_000_000) {
        gate.open();
        await gate.told;
      }
      yield chunk;
    }
  }
  for await (const { path, size } of decodeTar(shortenMeanwhile())) sizes.set(Buffer.from(path).toString(), size);
  expect(sizes.get(`${directory.slice(1)}/shrinks`)).toBe(200_000_000);
  expect(sizes.get(`${directory.slice(1)}/z-later`)).toBe(6);
});

test('5,000 changed files are archived in reasonable time', async () => {
  const script = `node -e "const fs = require('fs'); for (const dir of ['/out', '/usr/lib/here', '/data/sub']) {
    fs.mkdirSync(dir, { recursive: true }); for (let i = 0; i < 1667; i += 1) fs.writeFileSync(dir + '/f' + i, 'x'.repeat(i)); }
    for (let i = 0; i < 500; i += 1) fs.writeFileSync('/tmp/s' + i, '');"`;
  await using made = await makeTarget(engine, { script, volumes: ['/data'], injected: ['/data'] });
  const start = performance.now();
  let files = 0;
  for await (const entry of decodeTar(streamArchive(engine, made.target))) files += entry.type === 'file' ? 1 : 0;
  console.log(`${files} files archived in ${(performance.now() - start).toFixed(0)} ms`);
  expect(files).toBe(5501);
  expect(performance.now() - start).toBeLessThan(40_000);
});

test('an archive that nobody reads on is let go of', async () => {
  await using made = await makeTarget(engine, { script: 'mkdir /out; head -c 50000000 /dev/zero > /out/large' });
  for await (const _chunk of streamArchive(engine, made.target)) break;
  expect(existsSync(folder)).toBe(true);
  const giveUp = new AbortController();
  const reading = (async () => {
    for await (const _ of streamArchive(engine, made.target, { signal: giveUp.signal })) giveUp.abort();
  })();
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});
