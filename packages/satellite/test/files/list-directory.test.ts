import { connectEngine } from '@boatload/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDirectory } from '../../src/files/list-directory.ts';
import { bytes, makeTarget, type ScratchTarget } from '../read-target.ts';

const engine = connectEngine();
afterAll(() => engine.close());

const script = `umask 022; mkdir -p /d/sub/deep; cd /d; printf 12 > 'a b%?'; printf 123 > "$(printf 'r\\377')"; ln -s sub link
printf deep > sub/deep/file; ln sub/deep/file zz-hard; mkfifo fifo; printf v > /data/v; mkdir "$(printf '/odd\\376')"; : > "$(printf '/odd\\376/in')"`;

describe.each([
  ['an exited container', script, false],
  ['a running container', `${script}; echo ready; sleep 600`, true],
])('in %s', (_name, run, ready) => {
  let made: ScratchTarget;
  beforeAll(async () => {
    made = await makeTarget(engine, { script: run, ready, volumes: ['/data'] });
  });
  afterAll(() => made[Symbol.asyncDispose]());

  test('a directory is listed by name, without what lies deeper', async () => {
    const list = await listDirectory(engine, made.target, bytes('/d'));
    expect(list.map(({ name, type, size, mode }) => [name, type, size, mode])).toEqual([
      ['a b%?', 'file', 2, 0o644],
      ['fifo', 'fifo', 0, 0o644],
      ['link', 'symlink', 0, 0o777],
      ['r\ufffd', 'file', 3, 0o644],
      ['sub', 'directory', 0, 0o755],
      ['zz-hard', 'file', 4, 0o644],
    ]);
    expect(list[3]?.name_b64).toBe(bytes('r\xff').toString('base64'));
    expect(list[0]).not.toHaveProperty('name_b64');
    expect(list[0]?.mtime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  });

  test.each([
    ['a mount', '/data', ['v']],
    ['a link to a directory', '/d/link', ['deep']],
    ['a name that is not UTF-8', '/odd\xfe', ['in']],
  ])('%s is listed', async (_case, path, names) => {
    expect((await listDirectory(engine, made.target, bytes(path))).map(({ name }) => name)).toEqual(names);
  });

  test('the root is listed', async () => {
    const start = performance.now();
    const names = (await listDirectory(engine, made.target, bytes('/'))).map(({ name }) => name);
    console.log(`the root, an image of 109 MB, listed in ${(performance.now() - start).toFixed(0)} ms`);
    expect(names).toEqual(expect.arrayContaining(['d', 'data', 'etc', 'tmp', 'usr']));
  });

  test.each([
    ['a file', '/d/a b%?', 'not_a_file'],
    ['nothing', '/nowhere', 'file_not_found'],
  ])('%s is refused', async (_case, path, code) => {
    await expect(listDirectory(engine, made.target, bytes(path))).rejects.toMatchObject({ code });
  });
});
