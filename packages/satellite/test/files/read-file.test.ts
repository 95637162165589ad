import { createHash } from 'node:crypto';
import { connectEngine } from '@boatload/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect } from '../../../engine/test/tar/tar-bytes.ts';
import { readFile } from '../../src/files/read-file.ts';
import { statPath } from '../../src/files/stat-path.ts';
import { makeGate } from '../container-gate.ts';
import { bytes, makeTarget, type ScratchTarget } from '../read-target.ts';

const engine = connectEngine();
afterAll(() => engine.close());

const script = `cd /tmp; mkdir -p real/deep
printf content > real/deep/file; ln -s real way; ln -s deep/file real/chain; ln -s /tmp/real/chain start
ln -s ../../etc/passwd real/up; ln -s ../../../../../../etc/passwd escape
ln -s round2 round1; ln -s round1 round2; ln -s /nowhere dangling
printf odd > 'a b%?'; printf lines > "$(printf 'new\\nline')"; printf raw > "$(printf 'r\\377w')"
ln -s "$(printf 'r\\377w')" to-raw; ln -s /tmp/to-raw real/to-raw; ln -s "$(printf 'gone\\377')" to-gone
mkdir "$(printf 'd\\376r')"; ln -s "$(printf '../d\\376r')" real/dir; ln -s "$(printf '../real/dir/../a b%%?')" real/back
mkfifo fifo; : > empty; ln real/deep/file hard
printf data > /data/'a b%?'; printf v > "$(printf '/data/v\\377')"; ln -s /data/'a b%?' into-mount`;

describe.each([
  ['an exited container', script, false],
  ['a running container', `${script}; echo ready; sleep 600`, true],
])('in %s', (_name, run, ready) => {
  let made: ScratchTarget;
  beforeAll(async () => {
    made = await makeTarget(engine, { script: run, ready, volumes: ['/data'] });
  });
  afterAll(() => made[Symbol.asyncDispose]());
  const read = async (path: string): Promise<string> =>
    (await collect(readFile(engine, made.target, bytes(path)))).toString();

  test.each([
    ['a plain path', '/tmp/real/deep/file', 'content'],
    ['a path without its first slash', 'tmp/real/deep/file', 'content'],
    ['a link in the middle', '/tmp/way/deep/file', 'content'],
    ['links in a row', '/tmp/start', 'content'],
    ['dots', '/tmp/./real/../real//deep/file', 'content'],
    ['dots above the root', '/../../tmp/hard', 'content'],
    ['a link above the root', '/tmp/escape', expect.stringContaining('boat')],
    ['a relative link', '/tmp/real/up', expect.stringContaining('boat')],
    ['space, percent and question mark', '/tmp/a b%?', 'odd'],
    ['a newline', '/tmp/new\nline', 'lines'],
    ['bytes that are not UTF-8', '/tmp/r\xffw', 'raw'],
    ['a link to bytes that are not UTF-8', '/tmp/to-raw', 'raw'],
    ['a link to such a link', '/tmp/real/to-raw', 'raw'],
    ['a link through such a directory and back', '/tmp/real/back', 'odd'],
    ['an empty file', '/tmp/empty', ''],
    ['a file in a mount', '/data/a b%?', 'data'],
    ['a link into a mount', '/tmp/into-mount', 'data'],
    ['other bytes in a mount', '/data/v\xff', 'v'],
  ])('%s is read', async (_case, path, expected) => {
    expect(await read(path)).toEqual(expected);
  });

  test.each([
    ['a missing file', '/tmp/nothing', 'file_not_found'],
    ['a link into nothing', '/tmp/dangling', 'file_not_found'],
    ['a link into nothing of other bytes', '/tmp/to-gone', 'file_not_found'],
    ['a circle of links', '/tmp/round1', 'file_not_found'],
    ['a file as a directory', '/tmp/empty/x', 'file_not_found'],
    ['a name that is too long', `/tmp/${'x'.repeat(300)}`, 'file_not_found'],
    ['a directory', '/tmp', 'not_a_file'],
    ['the root', '/', 'not_a_file'],
    ['a FIFO', '/tmp/fifo', 'not_a_file'],
  ])('%s is refused', async (_case, path, code) => {
    await expect(read(path)).rejects.toMatchObject({ code });
  });

  test('a stat follows links and tells where they led', async () => {
    expect(await statPath(engine, made.target, bytes('/tmp/to-raw'))).toMatchObject({
      path: bytes('/tmp/r\xffw'),
      type: 'file',
      size: 3,
    });
    expect(await statPath(engine, made.target, bytes('/tmp/way'))).toMatchObject({ type: 'directory' });
    expect(await statPath(engine, made.target, bytes('/tmp/fifo'))).toMatchObject({ type: 'other' });
  });
});

describe('a file of 20 MiB', () => {
  let made: ScratchTarget;
  let whole: Buffer;
  beforeAll(async () => {
    made = await makeTarget(engine, {
      script: 'head -c 20971520 /dev/urandom > /tmp/large; sha256sum /tmp/large > /tmp/sum',
    });
    whole = await collect(readFile(engine, made.target, bytes('/tmp/large')));
  });
  afterAll(() => made[Symbol.asyncDispose]());

  test('is read byte for byte', async () => {
    const sum = (await collect(readFile(engine, made.target, bytes('/tmp/sum')))).toString();
    expect(sum.split(' ')[0]).toBe(createHash('sha256').update(whole).digest('hex'));
  });

  test.each([
    [0, 0],
    [0, 511],
    [1, 65_536],
    [5_000_000, 5_000_000],
    [10_485_759, 20_971_519],
    [20_971_519, 20_971_519],
    [20_971_000, 99_999_999],
  ])('is read from %d to %d', async (start, end) => {
    const part = await collect(readFile(engine, made.target, bytes('/tmp/large'), { range: { start, end } }));
    expect(part.equals(whole.subarray(start, end + 1))).toBe(true);
  });

  test('has nothing behind its end', async () => {
    const range = { start: 20_971_520, end: 20_971_521 };
    await expect(collect(readFile(engine, made.target, bytes('/tmp/large'), { range }))).rejects.toMatchObject({
      code: 'range_not_satisfiable',
    });
  });

  test('is let go of when its reader leaves or gives up', async () => {
    for await (const _chunk of readFile(engine, made.target, bytes('/tmp/large'))) break;
    const giveUp = new AbortController();
    const reading = (async () => {
      for await (const _ of readFile(engine, made.target, bytes('/tmp/large'), { signal: giveUp.signal }))
        giveUp.abort();
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    // The Engine answers for this container again only when both streams were closed.
    expect(await statPath(engine, made.target, bytes('/tmp/sum'))).toMatchObject({ type: 'file' });
  });
});

test('a file that becomes shorter while it is read is a conflict, not a wrong content', async () => {
  await using gate = await makeGate(engine);
  const script = `head -c 200000000 /dev/zero > /tmp/shrinks; echo ready; ${gate.wait}; : > /tmp/shrinks; ${gate.tell}; sleep 600`;
  await using made = await makeTarget(engine, { script, ready: true });
  const reading = readFile(engine, made.target, bytes('/tmp/shrinks'));
  await reading.next();
  gate.open();
  await gate.told;
  await expect(collect(reading)).rejects.toMatchObject({ code: 'conflict' });
});
