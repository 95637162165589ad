import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it, vi } from 'vitest';
import type { DataCache } from '../../src/cache/port.ts';
import { answerWith, type CacheRig, openRig, sha256, tarOf, wish } from './cache-rig.ts';

const program = fileURLToPath(new URL('crash-child.mjs', import.meta.url));
const rounds = 20;

/** The files of the archive at a path: enough for a kill to find them half there. */
function filesOf(path: string): Record<string, string> {
  const names = Array.from({ length: 60 }, (_, at) => `d${at % 10}/${at}`);
  return Object.fromEntries(names.map((name) => [name, `${path} ${name} `.repeat(500)]));
}

/** Runs the program; resolved with the milliseconds of its work, which is cut off after `mostMs` of it. */
async function work(rig: CacheRig, paths: readonly string[], mostMs: number): Promise<number> {
  const urls = paths.map((path) => rig.source(path).url);
  const child = spawn(process.execPath, [program, rig.directory, ...urls], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let begun = Number.NaN;
  let ended = Number.NaN;
  let timer: NodeJS.Timeout | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'open') {
      begun = performance.now();
      if (Number.isFinite(mostMs)) timer = setTimeout(() => child.kill('SIGKILL'), mostMs);
    } else {
      ended = performance.now();
    }
  }
  await exited;
  clearTimeout(timer);
  expect(begun).not.toBeNaN();
  return ended - begun;
}

/** Holds every entry against what it must be; told how many there are. */
async function checkAll(rig: CacheRig, cache: DataCache): Promise<number> {
  const entries = await cache.list();
  for (const { id, form, origin, sha256: digest } of entries) {
    const directory = join(rig.directory, 'entries', id);
    if (form === 'file') expect(sha256(await readFile(join(directory, 'content')))).toBe(digest);
    else await checkTree(join(directory, 'tree'), new URL(origin ?? '').pathname);
  }
  return entries.length;
}

async function checkTree(directory: string, path: string): Promise<void> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const expected = filesOf(path);
  expect(found.filter((entry) => entry.isFile())).toHaveLength(Object.keys(expected).length);
  for (const [name, content] of Object.entries(expected)) {
    expect(await readFile(join(directory, name), 'utf8')).toBe(content);
  }
}

it('is whole after kill -9 at any moment of fetching, unpacking and removing', { timeout: 240_000 }, async () => {
  await using rig = await openRig((request, response) =>
    answerWith(() => gzipSync(tarOf(filesOf(request.url ?? '')), { level: 1 }), { 'cache-control': 'max-age=3600' })(
      request,
      response,
    ),
  );
  const wholeMs = await work(rig, ['/warm-1', '/warm-2'], Number.POSITIVE_INFINITY);
  let halfMade = 0;
  let served = 0;
  for (let round = 0; round < rounds; round += 1) {
    const paths = [`/${round}-1`, `/${round}-2`];
    await work(rig, paths, Math.random() * wholeMs);
    halfMade += (await rig.names('tmp')).length;
    await using cache = await rig.open();
    served += await checkAll(rig, cache);
    for (const path of paths) await checkTree((await cache.tree(rig.source(path), wish('after'))).directory, path);
    await cache.release('after');
    await cache.collect();
    await vi.waitFor(async () => expect([await rig.names('tmp'), await rig.names('entries')]).toEqual([[], []]), {
      timeout: 10_000,
    });
    expect(await rig.names('urls')).toEqual([]);
  }
  // The kills did find work half done, and entries that were to be kept.
  expect(halfMade).toBeGreaterThan(0);
  expect(served).toBeGreaterThan(0);
});
