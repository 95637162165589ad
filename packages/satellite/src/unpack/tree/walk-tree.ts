import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';

/** Something below a directory. */
export interface WalkedEntry {
  /** Below the directory, as the bytes that it is. */
  readonly path: Buffer;
  /** Where it lies: absolute. */
  readonly place: Buffer;
  readonly stats: Stats;
}

/** How many entries of a directory are held at a time. */
const batchSize = 64;

/**
 * All that lies below a directory, a directory before what lies in it. Links are told, not followed. Of the
 * directories not yet entered the paths are held, of everything else a few.
 */
export async function* walkTree(root: string): AsyncGenerator<WalkedEntry, void, undefined> {
  const pending: Buffer[] = [Buffer.alloc(0)];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for await (const batch of readBatches(placeOf(root, directory))) {
      const parent = directory;
      const entries = await Promise.all(batch.map((name) => describe(root, joinPath(parent, name))));
      for (const entry of entries) {
        if (entry.stats.isDirectory()) pending.push(entry.path);
        yield entry;
      }
    }
  }
}

async function* readBatches(directory: Buffer): AsyncGenerator<readonly string[], void, undefined> {
  let names: string[] = [];
  // One character for each byte, so that any name is found again.
  for await (const { name } of await opendir(directory, { encoding: 'latin1', bufferSize: batchSize })) {
    names.push(name);
    if (names.length < batchSize) continue;
    yield names;
    names = [];
  }
  if (names.length > 0) yield names;
}

async function describe(root: string, path: Buffer): Promise<WalkedEntry> {
  const place = placeOf(root, path);
  return { path, place, stats: await lstat(place) };
}

function joinPath(parent: Buffer, name: string): Buffer {
  const bytes = Buffer.from(name, 'latin1');
  return parent.length === 0 ? bytes : Buffer.concat([parent, slash, bytes]);
}

function placeOf(root: string, path: Buffer): Buffer {
  return path.length === 0 ? Buffer.from(root) : Buffer.concat([Buffer.from(root), slash, path]);
}

const slash = Buffer.from('/');
