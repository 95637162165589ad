import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes unfinished uploads, and blobs that nothing refers to. Only for a folder that nobody uses yet. */
export async function sweepBlobs(dir: string, referenced: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(join(dir, 'tmp'))) await rm(join(dir, 'tmp', name), { force: true });
  for (const group of await readdir(join(dir, 'sha256'))) {
    const unused = (await readdir(join(dir, 'sha256', group))).filter((digest) => !referenced.has(digest));
    for (const digest of unused) await rm(join(dir, 'sha256', group, digest), { force: true });
  }
}
