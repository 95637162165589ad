import { constants } from 'node:fs';
import { chmod, lchown, link, lutimes, mkdir, open, symlink, unlink, utimes } from 'node:fs/promises';
import { BoatLoadError } from '@boatload/contract';
import { decodeTar, type TarEntry } from '@boatload/engine';

/** A mount that is a directory of this machine. */
export interface DirectoryMount {
  /** Absolute path of the mount in the container. */
  readonly path: string;
  /** Absolute path of the directory on this machine: empty or missing, and nobody else's until the start. */
  readonly directory: string;
}

/**
 * Unpacks a tar whose names are relative to the container's root into the directories that stand for its
 * mounts. The entries must be safe already (no `..`, nothing below a link): no link is ever followed here.
 * @throws archive_invalid, resources_unavailable
 */
export async function fillDirectories(
  bytes: AsyncIterable<Uint8Array>,
  mounts: readonly DirectoryMount[],
): Promise<void> {
  const directories: { readonly path: Buffer; readonly mtime: Date }[] = [];
  for await (const entry of decodeTar(bytes)) {
    const path = placeOf(entry.path, mounts);
    try {
      await place(entry, path, mounts);
    } catch (error) {
      throw explain(error);
    }
    if (entry.type === 'directory') directories.push({ path, mtime: entry.mtime });
  }
  // What was placed in a directory has changed its time.
  for (const { path, mtime } of directories.reverse()) await utimes(path, mtime, mtime);
}

/** Where a name of the tar lies on this machine. */
function placeOf(name: Uint8Array, mounts: readonly DirectoryMount[]): Buffer {
  const path = Buffer.concat([slash, name]);
  for (const mount of mounts) {
    const root = Buffer.from(mount.path);
    if (path.equals(root)) return Buffer.from(mount.directory);
    const below = Buffer.concat([root, slash]);
    if (path.subarray(0, below.length).equals(below)) {
      return Buffer.concat([Buffer.from(mount.directory), slash, path.subarray(below.length)]);
    }
  }
  throw new BoatLoadError('internal', 'An entry to be staged lies in none of the mounts.');
}

const slash = Buffer.from('/');

async function place(entry: TarEntry, path: Buffer, mounts: readonly DirectoryMount[]): Promise<void> {
  const { type, mode, uid, gid, mtime, linkPath = Buffer.alloc(0) } = entry;
  if (type === 'directory') await makeDirectory(path);
  else await unlinkIfThere(path);
  if (type === 'link') return await link(placeOf(linkPath, mounts), path);
  if (type === 'symlink') await symlink(Buffer.from(linkPath), path);
  if (type === 'file') await writeFile(entry, path);
  await lchown(path, uid, gid);
  if (type !== 'symlink') await chmod(path, mode);
  if (type !== 'directory') await lutimes(path, mtime, mtime);
}

async function makeDirectory(path: Buffer): Promise<void> {
  try {
    await mkdir(path, { recursive: false, mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    // Only a directory that is none of a link's can be opened so.
    const handle = await open(path, constants.O_DIRECTORY | constants.O_NOFOLLOW);
    await handle.close();
  }
}

/** The last of several entries of one name counts; a directory stays one. */
async function unlinkIfThere(path: Buffer): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

async function writeFile({ body }: TarEntry, path: Buffer): Promise<void> {
  const handle = await open(
    path,
    constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    for await (const chunk of body) await handle.writeFile(chunk);
  } finally {
    await handle.close();
  }
}

const contradiction = 'it has a hard link to a file that is not in it, or a file and a directory of one name';

/** What the file system refuses because of what is in the archive. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: contradiction,
  ENOTDIR: contradiction,
  EISDIR: contradiction,
  ELOOP: contradiction,
  EMLINK: "it has more hard links to one file than the node's file system can keep",
  ENAMETOOLONG: "it has a name that is too long for the node's file system",
};

function explain(error: unknown): unknown {
  if (error instanceof BoatLoadError) return error;
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const text = "The node's disk is full: the data do not fit. Remove what is no longer needed, then submit again.";
    return new BoatLoadError('resources_unavailable', text, { cause: error });
  }
  const reason = reasons[code];
  if (reason === undefined) return error;
  const text = `The archive cannot be unpacked: ${reason}. Pack it again.`;
  return new BoatLoadError('archive_invalid', text, { field: 'data', cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
