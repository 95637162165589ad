import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePath, type FileChange } from '@boatload/contract';
import { connectEngine, getArchive, inspectContainer } from '@boatload/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeScratch } from '../../../engine/test/scratch-container.ts';
import { headerOf } from '../../../engine/test/tar/tar-bytes.ts';
import { recordBaseline } from '../../src/changes/baseline.ts';
import { listChanges } from '../../src/changes/list-changes.ts';
import type { ReadTarget } from '../../src/state/attempt-record.ts';
import { bytes, makeTarget } from '../read-target.ts';
import { stage } from '../staged-volume.ts';

const engine = connectEngine();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boatload-changes-'));
});
afterAll(async () => {
  engine.close();
  await rm(folder, { recursive: true, force: true });
});

async function changes(target: ReadTarget): Promise<FileChange[]> {
  const list: FileChange[] = [];
  for await (const change of listChanges(engine, target)) list.push(change);
  return list;
}
/** `kind type size mode path`, the path one character per byte. */
const brief = (list: readonly FileChange[]): string[] =>
  list.map(({ kind, type, size, mode, ...path }) => {
    const what = type === 'file' ? `${type} ${size}` : type;
    return `${kind} ${what} ${mode?.toString(8)} ${decodePath(path).toString('latin1')}`;
  });

const script = `umask 022; cd /tmp; printf 1 > 'a b%?'; printf 12 > "$(printf 'n\\nl')"; printf 123 > "$(printf 'r\\377w')"
mkdir -p "$(printf 'd\\376r/in')"; printf 1234 > "$(printf 'd\\376r/in/f\\375')"; printf é > é; ln -s 'a b%?' link; mkfifo fifo
chmod 4711 'a b%?'; rm /etc/group; rm -r /home; chmod 711 /root
printf vol > "$(printf '/deep/er/data/v\\377')"; mkdir /deep/er/data/sub; printf x > /deep/er/data/sub/x; ln /deep/er/data/sub/x /deep/er/data/y
printf side > /deep/side`;
const expected = [
  'added file 4 644 /deep/er/data/v\xff',
  'added directory 755 /deep/er/data/sub',
  'added file 1 644 /deep/er/data/sub/x',
  'added file 1 644 /deep/er/data/y',
  'added file 4 644 /deep/side',
  'modified directory 755 /etc',
  'deleted null undefined /etc/group',
  'deleted null undefined /home',
  'modified directory 711 /root',
  'modified directory 1777 /tmp',
  'added file 1 4711 /tmp/a b%?',
  'added directory 755 /tmp/d\xfer',
  'added directory 755 /tmp/d\xfer/in',
  'added file 4 644 /tmp/d\xfer/in/f\xfd',
  'added fifo 644 /tmp/fifo',
  'added symlink 777 /tmp/link',
  'added file 2 644 /tmp/n\nl',
  'added file 3 644 /tmp/r\xffw',
  `added file 2 644 /tmp/${Buffer.from('é').toString('latin1')}`,
].map((line) => line.replace('file 4 644 /deep/er/data/v', 'file 3 644 /deep/er/data/v'));

describe.each([
  ['an exited container', script, false],
  ['a running container', `${script}; echo ready; sleep 600`, true],
])('%s', (_name, run, ready) => {
  test('lists what it changed in its own file system and in a mount, and nothing of ours', async () => {
    const injected = ['/deep', '/deep/er', '/deep/er/data'];
    await using made = await makeTarget(engine, { script: run, ready, volumes: ['/deep/er/data'], injected });
    const list = await changes(made.target);
    expect(brief(list).sort()).toEqual([...expected].sort());
    const paths = list.map((change) => decodePath(change));
    expect(paths).toEqual([...paths].sort(Buffer.compare));
    for (const { kind, mtime } of list) {
      if (kind === 'deleted') expect(mtime).toBeNull();
      else expect(mtime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    }
  });
});

test('a socket is listed', async () => {
  const script = `node -e "require('net').createServer().listen('/tmp/s', () => process.kill(process.pid, 'SIGKILL'))"`;
  await using made = await makeTarget(engine, { script });
  expect(brief(await changes(made.target))).toContainEqual(expect.stringMatching(/^added socket \d+ \/tmp\/s$/));
});

test('a directory of the image that only got a mount point of ours is no change', async () => {
  await using made = await makeTarget(engine, { script: 'true', volumes: ['/usr/made'], injected: ['/usr/made'] });
  expect(await changes(made.target)).toEqual([]);
  await using used = await makeTarget(engine, {
    script: 'echo > /usr/own',
    volumes: ['/usr/made'],
    injected: ['/usr/made'],
  });
  expect(brief(await changes(used.target))).toEqual(['modified directory 755 /usr', 'added file 1 644 /usr/own']);
});

describe('a mount that was staged', () => {
  const entries = [
    headerOf({ path: bytes('data/same'), content: bytes('same') }),
    headerOf({ path: bytes('data/same-size'), content: bytes('before') }),
    headerOf({ path: bytes('data/mode'), content: bytes('m') }),
    headerOf({ path: bytes('data/owner'), content: bytes('o') }),
    headerOf({ path: bytes('data/touched'), content: bytes('t') }),
    headerOf({ path: bytes('data/gone \xff'), content: bytes('g') }),
    headerOf({ path: bytes('data/made/on/the/way'), content: bytes('w') }),
    headerOf({ path: bytes('data/dir'), type: 'directory', mode: 0o755 }),
    headerOf({ path: bytes('data/dir/a'), content: bytes('a') }),
    headerOf({ path: bytes('data/dir/sub'), type: 'directory', mode: 0o755 }),
    headerOf({ path: bytes('data/dir/sub/b'), content: bytes('b') }),
    headerOf({ path: bytes('data/kept'), type: 'directory', mode: 0o755 }),
    headerOf({ path: bytes('data/kept/c'), content: bytes('c') }),
    headerOf({ path: bytes('data/link'), type: 'symlink', linkPath: bytes('same') }),
    headerOf({ path: bytes('data/link2'), type: 'symlink', linkPath: bytes('same') }),
    headerOf({ path: bytes('data/zz-first'), content: bytes('hard') }),
    headerOf({ path: bytes('data/aa-second'), type: 'link', linkPath: bytes('data/zz-first') }),
    headerOf({ path: bytes('data/swap'), content: bytes('s') }),
  ];
  const run = (script: string) => ({
    script,
    volumes: ['/data'],
    injected: ['/data'],
    baselineFile: join(folder, randomUUID()),
  });

  test('has no changes when nothing was changed', async () => {
    const options = run('cat /data/same');
    await using made = await makeTarget(engine, {
      ...options,
      beforeStart: (scratch) => stage(engine, scratch, { entries, baselineFile: options.baselineFile }),
    });
    expect(brief(await changes(made.target))).toEqual([]);
  });

  test('is compared by content, mode, owner, time and link, and tells what was deleted', async () => {
    const options = run(`cd /data; T=$(stat -c %Y same-size); printf BEFORE > same-size; touch -d @$T same-size
chmod 600 mode; chown 1000 owner; touch touched; rm gone*; rm -r dir; rm kept/c; touch -d @$T kept
ln -sfn /elsewhere link; rm swap; mkdir swap; printf new > new; ln same bb-same; touch -d @$T kept`);
    await using made = await makeTarget(engine, {
      ...options,
      beforeStart: (scratch) => stage(engine, scratch, { entries, baselineFile: options.baselineFile }),
    });
    expect(brief(await changes(made.target)).sort()).toEqual(
      [
        'modified file 6 644 /data/same-size',
        'modified file 1 600 /data/mode',
        'modified file 1 644 /data/owner',
        'modified file 1 644 /data/touched',
        'deleted null undefined /data/gone \xff',
        'deleted null undefined /data/dir',
        'deleted null undefined /data/kept/c',
        'modified symlink 777 /data/link',
        'modified directory 755 /data/swap',
        'added file 3 644 /data/new',
        'added file 4 644 /data/bb-same',
      ].sort(),
    );
  });
});

describe('an image with a VOLUME', () => {
  const repo = `boatload-test-volume-${randomUUID()}`;
  beforeAll(async () => {
    await using base = await makeScratch(engine, {
      script: 'mkdir /vol; echo image > /vol/image; echo gone > /vol/gone',
    });
    const query = { container: base.id, repo, tag: 'latest', changes: 'VOLUME /vol' };
    await engine.json({ method: 'POST', path: '/commit', query, json: {} });
  });
  afterAll(async () => {
    await engine.json({ method: 'DELETE', path: `/images/${repo}:latest`, query: { force: true } });
  });

  test('tells what was changed in the volume', async () => {
    const baselineFile = join(folder, randomUUID());
    await using made = await makeTarget(engine, {
      image: `${repo}:latest`,
      script: 'echo more >> /vol/image; rm /vol/gone; echo new > /vol/new; echo out > /tmp/out',
      baselineFile,
      beforeStart: async (scratch) => {
        const content = await getArchive(engine, scratch.id, bytes('/vol'));
        for await (const _chunk of recordBaseline(content, baselineFile, { prefix: '/' }));
      },
    });
    const volume = (await inspectContainer(engine, made.scratch.id))?.mounts[0]?.volume ?? '';
    const target: ReadTarget = { ...made.target, mounts: [{ path: '/vol', volume, kind: 'image' }] };
    expect(brief(await changes(target))).toEqual([
      'modified directory 1777 /tmp',
      'added file 4 644 /tmp/out',
      'deleted null undefined /vol/gone',
      'modified file 11 644 /vol/image',
      'added file 4 644 /vol/new',
    ]);
  });
});

test('5,000 changed files are listed in reasonable time', async () => {
  const script = `node -e "const fs = require('fs'); for (const dir of ['/out', '/usr/lib/here', '/data/sub']) {
    fs.mkdirSync(dir, { recursive: true }); for (let i = 0; i < 1667; i += 1) fs.writeFileSync(dir + '/f' + i, 'x'.repeat(i)); }
    for (let i = 0; i < 500; i += 1) fs.writeFileSync('/tmp/s' + i, '');"`;
  await using made = await makeTarget(engine, { script, volumes: ['/data'], injected: ['/data'] });
  const start = performance.now();
  const list = await changes(made.target);
  console.log(`${list.length} changes listed in ${(performance.now() - start).toFixed(0)} ms`);
  expect(list.filter(({ type }) => type === 'file')).toHaveLength(5501);
  expect(list.every(({ path, type, size }) => type !== 'file' || size === Number(/f(\d+)$/.exec(path)?.[1] ?? 0))).toBe(
    true,
  );
  expect(performance.now() - start).toBeLessThan(40_000);
});

test('few files in a new directory that is large are told without reading it', async () => {
  const script =
    'mkdir /big; for i in 1 2 3 4 5 6 7 8; do truncate -s 2G /big/$i; done; for i in $(seq 100); do : > /big/s$i; done';
  await using made = await makeTarget(engine, { script });
  const start = performance.now();
  expect(await changes(made.target)).toHaveLength(109);
  console.log(`109 changes with 16 GiB listed in ${(performance.now() - start).toFixed(0)} ms`);
  expect(performance.now() - start).toBeLessThan(40_000);
});
