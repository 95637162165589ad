import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { decodePath, type FileChange } from '@boatload/contract';
import { connectEngine } from '@boatload/engine';
import { afterAll, describe, expect, test } from 'vitest';
import { headerOf, type Packed } from '../../../engine/test/tar/tar-bytes.ts';
import { listChanges } from '../../src/changes/list-changes.ts';
import { readViewChanges } from '../../src/changes/view-changes.ts';
import type { ReadTarget } from '../../src/state/attempt-record.ts';
import { bytes } from '../read-target.ts';
import { makeStagedTarget, stagedKinds } from '../staged-target.ts';

const engine = connectEngine();
afterAll(() => engine.close());

/** `kind type size mode path` of what changed in the data, the path one character per byte. */
async function changesIn(target: ReadTarget): Promise<string[]> {
  const list: FileChange[] = [];
  for await (const change of listChanges(engine, target)) list.push(change);
  return list
    .map(({ kind, type, size, mode, ...path }) => {
      const what = type === 'file' ? `${type} ${size}` : type;
      return `${kind} ${what} ${mode?.toString(8)} ${decodePath(path).toString('latin1')}`;
    })
    .filter((line) => line.includes(' /data'));
}

const file = (path: string, content = path, more: Partial<Packed> = {}): Packed =>
  headerOf({ path: bytes(`data/${path}`), content: bytes(content), ...more });
const directory = (path: string, more: Partial<Packed> = {}): Packed =>
  headerOf({ path: bytes(`data/${path}`), type: 'directory', mode: 0o755, ...more });

const seed: readonly Packed[] = [
  file('same', 'same'),
  file('same-size', 'before'),
  file('mode', 'm'),
  file('owner', 'o'),
  file('touched', 't'),
  file('opened', 'opened but not changed'),
  file('gone \xff\n', 'g'),
  directory('removed'),
  file('removed/a'),
  directory('removed/sub'),
  file('removed/sub/b'),
  directory('again'),
  file('again/kept', 'kept'),
  file('again/lost'),
  directory('again/deep'),
  file('again/deep/kept', 'kept'),
  file('again/deep/lost'),
  directory('quiet'),
  file('quiet/in'),
  directory('to-file'),
  file('to-file/a'),
  directory('to-file/sub'),
  file('to-file/sub/b'),
  file('to-directory', 'f'),
  headerOf({ path: bytes('data/link'), type: 'symlink', linkPath: bytes('same') }),
  headerOf({ path: bytes('data/link-kept'), type: 'symlink', linkPath: bytes('same') }),
  file('zz-first', 'hard'),
  headerOf({ path: bytes('data/zz-second'), type: 'link', linkPath: bytes('data/zz-first') }),
  directory('from'),
  file('from/in', 'in'),
];

const everything = `umask 022; cd /data; T=1700000000
printf BEFORE > same-size; touch -d @$T same-size; chmod 600 mode; chown 1000 owner; touch touched; rm gone*; rm -r removed
: >> opened; touch -d @$T opened; : >> quiet/in; chmod 600 quiet/in; chmod 644 quiet/in
cp -p again/kept /tmp/kept; rm -r again; mkdir again again/deep; cp -p /tmp/kept again/kept; printf new > again/deep/kept; touch -d @$T again
rm -r to-file; printf file > to-file; rm to-directory; mkdir to-directory; printf in > to-directory/in
ln -sfn /elsewhere link; chmod 600 zz-first; chmod 644 zz-first; ln same bb-same; mv from to; mkfifo pipe; mkdir -p new/deep/er; printf 12 > new/deep/er/x
printf 1 > "$(printf 'r\\377w\\nl')"; mknod null c 1 3; printf s > side.wh.x; touch .wh.looks-so
node -e "require('net').createServer().listen('/data/socket', () => process.kill(process.pid, 'SIGKILL'))"`;

const expected = [
  'added file 0 644 /data/.wh.looks-so',
  'deleted null undefined /data/again/deep/lost',
  'deleted null undefined /data/again/lost',
  'modified directory 755 /data/again/deep',
  'modified file 3 644 /data/again/deep/kept',
  'added file 4 644 /data/bb-same',
  'deleted null undefined /data/from',
  'deleted null undefined /data/gone \xff\n',
  'modified symlink 777 /data/link',
  'modified file 1 600 /data/mode',
  'added directory 755 /data/new',
  'added directory 755 /data/new/deep',
  'added directory 755 /data/new/deep/er',
  'added file 2 644 /data/new/deep/er/x',
  'added char 644 /data/null',
  'modified file 1 644 /data/owner',
  'added fifo 644 /data/pipe',
  'added file 1 644 /data/r\xffw\nl',
  'deleted null undefined /data/removed',
  'modified file 6 644 /data/same-size',
  'added file 1 644 /data/side.wh.x',
  'added directory 755 /data/to',
  'added file 2 644 /data/to/in',
  'modified directory 755 /data/to-directory',
  'added file 2 644 /data/to-directory/in',
  'modified file 4 644 /data/to-file',
  'deleted null undefined /data/to-file/a',
  'deleted null undefined /data/to-file/sub',
  'modified file 1 644 /data/touched',
];

describe.each(stagedKinds)('a %s', (kind) => {
  test.each([
    ['an exited', ''],
    ['a running', 'echo ready; sleep 600'],
  ])('of %s container tells every kind of change, and nothing that is the same in the end', async (_name, more) => {
    await using made = await makeStagedTarget(engine, {
      kind,
      entries: seed,
      script: `${everything}\n${more}`,
      ready: more !== '',
    });
    expect((await changesIn(made.target)).sort()).toEqual([...expected].sort());
  });

  test('has no changes when nothing was changed', async () => {
    await using made = await makeStagedTarget(engine, { kind, entries: seed, script: 'cat /data/*' });
    expect(await changesIn(made.target)).toEqual([]);
  });

  test('tells what a user who is not root changed', async () => {
    const own = { uid: 1000, gid: 1000 };
    await using made = await makeStagedTarget(engine, {
      kind,
      owner: 1000,
      entries: [directory('dir', own), file('dir/a', 'a', own), file('dir/b', 'b', own), file('c', 'c', own)],
      script: 'cd /data; umask 022; echo more >> dir/a; rm dir/b; rm c; mkdir c; echo > c/new',
      user: '1000',
    });
    expect(await changesIn(made.target)).toEqual([
      'modified directory 755 /data/c',
      'added file 1 644 /data/c/new',
      'modified directory 755 /data/dir',
      'modified file 6 644 /data/dir/a',
      'deleted null undefined /data/dir/b',
    ]);
  });

  test('leaves out other mounts within it, and what was made for them', async () => {
    await using made = await makeStagedTarget(engine, {
      kind,
      entries: [directory('there')],
      inner: ['/data/there/for/us'],
      injected: ['/data', '/data/there/for', '/data/there/for/us'],
      script: 'umask 022; touch -d @1700000000 /data/there; echo > /data/there/for/side; echo > /data/there/for/us/in',
    });
    expect(await changesIn(made.target)).toEqual([
      'added file 1 644 /data/there/for/side',
      'added file 1 644 /data/there/for/us/in',
    ]);
  });

  test('tells of directories 200 deep', async () => {
    const way = Array.from({ length: 200 }, (_, at) => `level${at}`).join('/');
    await using made = await makeStagedTarget(engine, {
      kind,
      entries: [file(`${way}/there`, 'there')],
      script: `cd /data; printf more >> ${way}/there; mkdir -p ${way.replace('level100', 'other')}`,
    });
    const list = await changesIn(made.target);
    expect(list).toContain(`modified file 9 644 /data/${way}/there`);
    expect(list.filter((line) => line.startsWith('added'))).toHaveLength(100);
  });
});

const none = { itself: () => false, below: () => false };

describe('a view', () => {
  test('is without changes when its upper directory is gone, and told broken when what lies below is', async () => {
    await using made = await makeStagedTarget(engine, { kind: 'view', entries: seed, script: 'rm /data/same' });
    expect(await changesIn(made.target)).toEqual(['deleted null undefined /data/same']);
    await rm(made.view?.lower ?? '', { recursive: true });
    await expect(changesIn(made.target)).rejects.toMatchObject({ code: 'internal' });
    await rm(made.view?.upper ?? '', { recursive: true });
    expect(await changesIn(made.target)).toEqual([]);
  });

  test('keeps few files open, however deep its directories are, and comes back to each', async () => {
    const script = `process.chdir('/data'); for (let i = 0; i < 150; i += 1) {
      fs.mkdirSync('d'); fs.mkdirSync('z'); fs.writeFileSync('z/f', ''); process.chdir('d'); }`;
    await using made = await makeStagedTarget(engine, { kind: 'view', script: `node -e "${script}"` });
    const { view } = made;
    if (view === undefined) throw new Error('This is no view.');
    const before = readdirSync('/proc/self/fd').length;
    let changes = 0;
    let most = 0;
    for await (const _change of readViewChanges(view, { mountPoint: '/data', skips: none })) {
      changes += 1;
      most = Math.max(most, readdirSync('/proc/self/fd').length - before);
    }
    expect(changes).toBe(450);
    expect(most).toBeLessThan(60);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  test('is told as deep as paths can be long', async () => {
    const script = `process.chdir('/data'); for (let i = 0; i < 30; i += 1) {
      fs.mkdirSync('d'.repeat(250)); process.chdir('d'.repeat(250)); }`;
    await using made = await makeStagedTarget(engine, { kind: 'view', script: `node -e "${script}"` });
    expect(await changesIn(made.target)).toHaveLength(16);
  });

  test('is read no further when the reader aborts', async () => {
    await using made = await makeStagedTarget(engine, { kind: 'view', entries: seed, script: everything });
    const giveUp = new AbortController();
    giveUp.abort(new Error('enough'));
    await expect(listChanges(engine, made.target, { signal: giveUp.signal }).next()).rejects.toThrow('enough');
    const { view } = made;
    if (view === undefined) throw new Error('This is no view.');
    const options = { mountPoint: '/data', skips: none, signal: giveUp.signal };
    await expect(readViewChanges(view, options).next()).rejects.toThrow('enough');
  });
});
