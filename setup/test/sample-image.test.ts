import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectImage, runInImage } from '../sample-image/engine-image.mjs';
import { collectHostFiles } from '../sample-image/host-files.mjs';
import { packRootFilesystem } from '../sample-image/pack.mjs';
import { hashRecipe, requiredPrograms } from '../sample-image/recipe.mjs';
import { encodeEntry } from '../sample-image/tar-header.mjs';

const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boatload-sample-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What GNU tar lists of an archive. */
function list(archive: Uint8Array): string {
  const file = join(folder, 'archive.tar');
  writeFileSync(file, archive);
  return execFileSync('tar', ['--numeric-owner', '-tvf', file], { encoding: 'utf8', maxBuffer: 2 ** 24 });
}

describe('the sample image', () => {
  test('is on the Engine, built from the present recipe', async () => {
    expect((await inspectImage(host))?.recipe).toBe(hashRecipe());
  });

  test('has node, a shell, the usual programs and a place for temporary files, for a user who is not root', async () => {
    const present = requiredPrograms.map((name) => `command -v ${name} >/dev/null || { echo no ${name}; exit 1; }`);
    const script = [
      ...present,
      'echo x > /tmp/x',
      'cd && touch here',
      'test "$(node -p 1+1)" = 2',
      'test "$(id -un)" = boat',
    ];
    await runInImage(host, ['sh', '-ec', script.join('\n')]);
  });

  test('shows what a command printed when it fails', async () => {
    await expect(runInImage(host, ['sh', '-c', 'echo so it goes; exit 3'])).rejects.toThrow(/exit code 3.*so it goes/s);
  });
});

describe('its root file system', () => {
  test('names no path twice, which the Engine would refuse', () => {
    const { paths } = collectHostFiles();
    expect(paths.length).toBe(new Set(paths).size);
    expect(paths).toEqual(expect.arrayContaining(['usr', 'usr/bin', 'usr/bin/env']));
  });

  test('takes node along from wherever it lies', async () => {
    const packed = packRootFilesystem({ paths: ['usr', 'usr/bin', 'usr/bin/env'], node: '/bin/sh' });
    const listing = list(await buffer(packed));
    expect(listing).toMatch(/^-rwxr-xr-x 0\/0 .* usr\/local\/bin\/node$/m);
    expect(listing).toMatch(/^drwx-{6} 0\/0 .* root\/$/m);
    expect(listing).toMatch(/^drwxr-xr-x 1000\/1000 .* home\/boat\/$/m);
    expect(listing).toMatch(/^drwxrwxrwt 0\/0 .* tmp\/$/m);
    expect(listing.match(/ usr\/$/gm)).toHaveLength(1);
  });

  test('fails with what tar says when a file is gone', async () => {
    const packing = packRootFilesystem({ paths: ['nowhere'], node: undefined });
    await expect(buffer(packing)).rejects.toThrow(/nowhere: Cannot stat/);
  });

  test('is written as tar reads it', () => {
    const archive = Buffer.concat([encodeEntry({ path: 'a', mode: 0o640, uid: 7, text: 'abc' }), Buffer.alloc(1024)]);
    expect(list(archive)).toMatch(/^-rw-r----- 7\/7 +3 1970-01-01 \d\d:\d\d a$/m);
  });
});
