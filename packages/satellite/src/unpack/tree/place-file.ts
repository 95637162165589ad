import { constants, type PathLike } from 'node:fs';
import { type FileHandle, lchown, link, lutimes, open, symlink, unlink } from 'node:fs/promises';
import type { Owner } from '../../image/resolve-owner.ts';
import { codeOf } from './explain-failure.ts';
import type { SpaceBudget } from './space-budget.ts';

/** Where a file, or a link, is to be and what it is to have. */
export interface Placement {
  readonly path: Buffer;
  /** Permission bits. */
  readonly mode: number;
  readonly mtime: Date;
  /** undefined where new files belong to the right one without a word. */
  readonly owner: Owner | undefined;
}

export interface WriteOptions {
  readonly budget: SpaceBudget;
  readonly signal: AbortSignal;
}

/** Bytes of a large file that are written at a time, while the next ones are read. */
const portionBytes = 524_288;

/** Writes a file that is held whole. */
export async function writeSmallFile(placement: Placement, chunks: readonly Uint8Array[]): Promise<void> {
  const handle = await create(placement.path);
  try {
    await writeAll(handle, chunks);
    await finishFile(handle, placement);
  } finally {
    await handle.close();
  }
}

/** Writes a file as its content comes. */
export async function writeLargeFile(
  placement: Placement,
  body: AsyncIterable<Uint8Array>,
  { budget, signal }: WriteOptions,
): Promise<void> {
  const handle = await create(placement.path);
  let written = Promise.resolve();
  try {
    let size = 0;
    for await (const portion of joinPortions(body)) {
      signal.throwIfAborted();
      await budget.takeContent(size, portion.bytes);
      size += portion.bytes;
      await written;
      written = writeAll(handle, portion.chunks);
      // It is awaited in the next round; until then a failure is nobody's.
      written.catch(() => undefined);
    }
    await written;
    await finishFile(handle, placement);
  } finally {
    await written.catch(() => undefined);
    await handle.close();
  }
}

/** Makes a symbolic link; where it leads to is not looked at. */
export async function placeSymlink({ path, mtime, owner }: Placement, target: Uint8Array): Promise<void> {
  await replacing(path, () => symlink(Buffer.from(target), path));
  if (owner !== undefined) await lchown(path, owner.uid, owner.gid);
  await lutimes(path, secondsOf(mtime), secondsOf(mtime));
}

/** Gives a file another name. */
export async function placeLink(path: Buffer, existing: Buffer): Promise<void> {
  await replacing(path, () => link(existing, path));
}

async function create(path: PathLike): Promise<FileHandle> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  return await replacing(path, () => open(path, flags, 0o600));
}

/** The last of several entries of one name counts; a directory stays one. */
async function replacing<Value>(path: PathLike, make: () => Promise<Value>): Promise<Value> {
  try {
    return await make();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await unlink(path);
    return await make();
  }
}

async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const [first, ...others] = chunks;
  if (first === undefined) return;
  let rest: readonly Uint8Array[] = chunks;
  for (;;) {
    const { bytesWritten } = others.length === 0 ? await handle.write(rest[0] ?? first) : await handle.writev(rest);
    rest = skipBytes(rest, bytesWritten);
    if (rest.length === 0) return;
  }
}

/** What is left when the system took less than it was given. */
function skipBytes(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(index + 1)];
    left -= chunk.length;
  }
  return [];
}

/** Gives a file that is open its owner, mode and time. */
export async function finishFile(handle: FileHandle, { mode, mtime, owner }: Placement): Promise<void> {
  // The owner first: a change of it may take permission bits away.
  if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
  await handle.chmod(mode);
  await handle.utimes(secondsOf(mtime), secondsOf(mtime));
}

/** Times that no system can keep count as now. */
export function secondsOf(time: Date): number {
  const seconds = time.getTime() / 1_000;
  return Number.isFinite(seconds) ? seconds : Date.now() / 1_000;
}

interface Portion {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

async function* joinPortions(body: AsyncIterable<Uint8Array>): AsyncGenerator<Portion, void, undefined> {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < portionBytes) continue;
    yield { chunks, bytes };
    chunks = [];
    bytes = 0;
  }
  if (bytes > 0) yield { chunks, bytes };
}
