import { randomUUID } from 'node:crypto';
import { opendir, rename, rmdir, unlink } from 'node:fs/promises';

/** How many names of a directory are held at a time. */
const batchSize = 256;
/** Bytes; with one more name of 255 behind it a path still fits into the 4,096 that the system takes. */
const longestPath = 3_800;

/**
 * Removes a directory with all below it, as deep, wide and oddly named as a user's program may have made it:
 * `rm` of Node would hold all names, and fail where paths become too long. Links are removed, not followed.
 * Nothing happens if there is none.
 */
export async function removeTree(root: string): Promise<void> {
  const pending: Buffer[] = [Buffer.from(root)];
  for (let directory = pending.at(-1); directory !== undefined; directory = pending.at(-1)) {
    const paths = await takeSome(directory);
    const directories = (await Promise.all(paths.map(removeUnlessDirectory))).filter((path) => path !== undefined);
    for (const path of directories) pending.push(await bringIntoReach(path, root));
    if (paths.length > 0) continue;
    await rmdir(directory).catch(ignoreMissing);
    pending.pop();
  }
}

async function takeSome(directory: Buffer): Promise<readonly Buffer[]> {
  const found = await opendir(directory, { encoding: 'latin1', bufferSize: batchSize }).catch(ignoreMissing);
  if (found === undefined) return [];
  const paths: Buffer[] = [];
  // One character for each byte, so that any name is found again.
  for await (const { name } of found) {
    paths.push(Buffer.concat([directory, Buffer.from(`/${name}`, 'latin1')]));
    if (paths.length === batchSize) break;
  }
  return paths;
}

/** @returns the path if it is a directory's */
async function removeUnlessDirectory(path: Buffer): Promise<Buffer | undefined> {
  try {
    await unlink(path);
  } catch (error) {
    // Linux says EISDIR, other systems EPERM.
    if (isCode(error, 'EISDIR') || isCode(error, 'EPERM')) return path;
    ignoreMissing(error);
  }
  return undefined;
}

/** A directory that lies too deep for its content to be named is moved up. */
async function bringIntoReach(path: Buffer, root: string): Promise<Buffer> {
  if (path.length <= longestPath) return path;
  const near = Buffer.from(`${root}/${randomUUID()}`);
  await rename(path, near);
  return near;
}

function ignoreMissing(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
