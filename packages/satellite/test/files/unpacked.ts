import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readFile, readlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { collect } from '../../../engine/test/tar/tar-bytes.ts';

/** Unpacks a tar stream with GNU tar; any complaint of it is an error. */
export async function unpackWithGnuTar(
  tar: AsyncIterable<Uint8Array>,
  directory: string,
  ...more: readonly string[]
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const child = spawn('tar', ['-xp', '--numeric-owner', '-C', directory, ...more], {
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  const [, complaints] = await Promise.all([pipeline(tar, child.stdin), collect(child.stderr), once(child, 'close')]);
  if (child.exitCode !== 0 || complaints.length > 0) throw new Error(`tar ended ${child.exitCode}: ${complaints}`);
}

/** All that must be the same of a path in two trees, by which they are compared. */
export async function describePath(directory: string, path: Buffer): Promise<unknown> {
  const at = Buffer.concat([Buffer.from(directory), path]);
  const stat = await lstat(at);
  const common = { mode: stat.mode.toString(8), uid: stat.uid, gid: stat.gid, rdev: stat.rdev };
  // Unpacking into a directory changes its time only where tar doesn't set it in the end.
  const mtime = Math.floor(stat.mtimeMs / 1000);
  if (stat.isSymbolicLink()) return { ...common, mtime, target: (await readlink(at, 'buffer')).toString('hex') };
  if (!stat.isFile()) return { ...common, mtime };
  return { ...common, mtime, links: stat.nlink, content: (await readFile(at)).toString('base64') };
}
