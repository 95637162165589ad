import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failToFetch, fetchOnce, hasty } from '../harness/fetching.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

/** `open/` may be read, `closed/` may not. */
async function makePlace() {
  const directory = await makeTemporaryDirectory();
  onTestFinished(() => directory[Symbol.asyncDispose]());
  const root = join(directory.path, 'open');
  const closed = join(directory.path, 'closed');
  await mkdir(join(root, 'sub'), { recursive: true });
  await mkdir(closed);
  await writeFile(join(root, 'sub', 'data.csv'), 'open');
  await writeFile(join(closed, 'secret'), 'secret');
  return { root, closed, options: { fileRoots: [root], limits: hasty } };
}

const urlOf = (...parts: readonly string[]): string => pathToFileURL(join(...parts)).href;

describe('a file: URL', () => {
  it('is read below a directory that the operator opened', async () => {
    const { root, options } = await makePlace();
    const fetched = await fetchOnce(urlOf(root, 'sub', 'data.csv'), options);
    expect(fetched.content?.toString()).toBe('open');
    expect(fetched.outcome).toMatchObject({ size: 4, fileName: 'data.csv' });
    const local = urlOf(root, 'sub', 'data.csv').replace('file://', 'file://localhost');
    expect((await fetchOnce(local, options)).content?.toString()).toBe('open');
  });

  it('is read below a directory that a link leads to', async () => {
    const { root, closed, options } = await makePlace();
    await symlink(root, join(closed, 'link'));
    const fileRoots = [join(closed, 'link')];
    expect(
      (await fetchOnce(urlOf(closed, 'link', 'sub', 'data.csv'), { ...options, fileRoots })).content,
    ).toBeDefined();
  });

  it('is refused where nothing was opened', async () => {
    const { root } = await makePlace();
    expect(await failToFetch(urlOf(root, 'sub', 'data.csv'), {})).toMatchObject({ code: 'fetch_refused' });
  });

  it('does not lead out, by no link and no dots, and does not tell what is there', async () => {
    const { root, closed, options } = await makePlace();
    await symlink(join(closed, 'secret'), join(root, 'link'));
    await symlink(closed, join(root, 'directory'));
    await mkdir(`${root}-beside`);
    await writeFile(join(`${root}-beside`, 'secret'), 'secret');
    const urls = [
      urlOf(closed, 'secret'),
      urlOf(closed, 'missing'),
      urlOf(root, 'link'),
      urlOf(root, 'directory', 'secret'),
      `${urlOf(root)}/sub/../../closed/secret`,
      `${urlOf(root)}/sub/%2e%2e/%2e%2e/closed/secret`,
      `${urlOf(root)}/sub%2f..%2f..%2fclosed/secret`,
      urlOf(`${root}-beside`, 'secret'),
      urlOf(root, 'sub', 'data.csv').replace('file://', 'file://elsewhere'),
      `${urlOf(root)}/sub%00/data.csv`,
    ];
    for (const url of urls) {
      expect(await failToFetch(url, options), url).toMatchObject({ code: 'fetch_refused' });
    }
  });

  it('is refused unless it is a regular file, and a pipe does not make anybody wait', async () => {
    const { root, options } = await makePlace();
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await symlink('/dev/zero', join(root, 'zero'));
    for (const name of ['pipe', 'sub', 'zero']) {
      expect(await failToFetch(urlOf(root, name), options), name).toMatchObject({ code: 'fetch_refused' });
    }
    expect(await failToFetch(urlOf(root, 'missing'), options)).toMatchObject({ code: 'fetch_failed' });
  });

  it('is not read again while the file is the same', async () => {
    const { root, options } = await makePlace();
    const file = join(root, 'sub', 'data.csv');
    const { memory = {} } = (await fetchOnce(urlOf(file), options)).outcome;
    expect((await fetchOnce(urlOf(file), options, { memory })).outcome.kind).toBe('unchanged');
    await utimes(file, 1, 1);
    expect((await fetchOnce(urlOf(file), options, { memory })).outcome.kind).toBe('fetched');
    await writeFile(join(root, 'other'), 'OPEN');
    await rename(join(root, 'other'), file);
    expect((await fetchOnce(urlOf(file), options, { memory })).content?.toString()).toBe('OPEN');
  });

  it('that changes while it is read is read again, and fails if it never rests', async () => {
    const { root, options } = await makePlace();
    const file = join(root, 'sub', 'data.csv');
    let changes = 0;
    const onProgress = (done: number): void => {
      if (done > 0 && changes++ === 0) appendFileSync(file, 'ed');
    };
    expect((await fetchOnce(urlOf(file), options, { onProgress })).content?.toString()).toBe('opened');
    const restless = (done: number): void => (done > 0 ? appendFileSync(file, '.') : undefined);
    expect(await failToFetch(urlOf(file), options, { onProgress: restless })).toMatchObject({
      code: 'fetch_failed',
      message: expect.stringContaining('changed while it was read'),
    });
  });

  it('is not larger than the limit', async () => {
    const { root, options } = await makePlace();
    const url = urlOf(root, 'sub', 'data.csv');
    expect(await failToFetch(url, options, { limitBytes: 3 })).toMatchObject({ code: 'fetch_too_large' });
  });

  it.each(['data', '/', '//', '/tmp/..'])('is not opened by %s', async (root) => {
    expect(await failToFetch('file:///x', { fileRoots: [root] }).catch((error: unknown) => error)).toMatchObject({
      code: 'bad_configuration',
    });
  });

  it('is not opened by a link to all there is', async () => {
    const { root } = await makePlace();
    await symlink('/', join(root, 'all'));
    const options = { fileRoots: [join(root, 'all')] };
    expect(await failToFetch('file:///etc/passwd', options)).toMatchObject({ code: 'fetch_refused' });
    expect(await failToFetch(urlOf(root, 'all', 'etc/passwd'), options)).toMatchObject({ code: 'fetch_refused' });
  });

  it('is told in one line, whatever stands in it', async () => {
    const { root, options } = await makePlace();
    const error = await failToFetch(`${urlOf(root)}/a%0Ab`, options);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^file:.*\/a%0Ab cannot be read: there is no such.*$/),
    });
  });
});
