import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { basename, isAbsolute, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BoatLoadError, type CallOptions } from '@boatload/contract';
import { safeFileName } from '../file-name.ts';
import { showUrl } from '../shown-url.ts';
import { TryFault } from '../try-fault.ts';
import type { Opened, Opening, ResumeTag, Scheme } from './scheme.ts';

const blockSize = 1_048_576;

/**
 * file:, below the directories that the operator allows. What counts is the file that was really opened, wherever
 * links on its path led.
 * @throws bad_configuration when a root is not an absolute path
 */
export function fileScheme(roots: readonly string[]): Scheme {
  for (const root of roots) {
    if (isAbsolute(root) && normalize(`${root}${sep}`) !== sep) continue;
    throw new BoatLoadError(
      'bad_configuration',
      `«${root}» cannot be opened to file: URLs: write the absolute path of a directory, and not of all there is.`,
    );
  }
  return {
    protocols: ['file:'],
    open: (opening) => openFile(opening, roots),
    // Looking at a file costs nothing.
    isFresh: () => false,
  };
}

async function openFile(opening: Opening, roots: readonly string[]): Promise<Opened> {
  const { url } = opening;
  const path = pathOf(url);
  const allowed = (await Promise.all(roots.map(realRoot))).flat();
  // Nothing outside is even looked for: whether it exists is nobody's business.
  if (!isBelow(path, [...allowed, ...roots])) throw refused(url);
  const handle = await openToRead(path, url);
  try {
    if (!isBelow(await openedPath(handle, path), allowed)) throw refused(url);
    return await content(opening, handle, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function content(opening: Opening, handle: FileHandle, path: string): Promise<Opened> {
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) {
    throw new BoatLoadError('fetch_refused', `${showUrl(opening.url)} is not a regular file: only those are fetched.`);
  }
  const identity = await identityOf(handle);
  if (opening.memory !== undefined && isSame(opening.memory.file, identity)) {
    await handle.close();
    return { kind: 'unchanged', memory: opening.memory };
  }
  const { resume } = opening;
  const start = resume !== undefined && isSame(resume.tag, identity) ? resume.offset : 0;
  const total = Number(stats.size);
  const fileName = safeFileName(basename(path));
  return {
    kind: 'content',
    start,
    total,
    body: readBody(handle, { start, total, identity, signal: opening.signal }),
    resumeTag: identity,
    memory: { file: identity },
    ...(fileName === undefined ? {} : { fileName }),
    close: () => handle.close(),
  };
}

interface Reading {
  readonly start: number;
  readonly total: number;
  readonly identity: ResumeTag;
  readonly signal: CallOptions['signal'];
}

async function* readBody(handle: FileHandle, reading: Reading): AsyncGenerator<Uint8Array, void, undefined> {
  let position = reading.start;
  // A file that grows is not followed: it is noticed below.
  while (position < reading.total) {
    reading.signal?.throwIfAborted();
    const length = Math.min(blockSize, reading.total - position);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  if (isSame(reading.identity, await identityOf(handle))) return;
  throw new TryFault('it changed while it was read', { startOver: true });
}

function pathOf(url: string): string {
  try {
    const path = normalize(fileURLToPath(url));
    if (path.includes('\0')) throw new Error('a NUL byte is in the path');
    return path;
  } catch (error) {
    throw new BoatLoadError(
      'fetch_refused',
      'A file: URL must name a file of the node itself: write it as file:///path/to/it, without a host.',
      { cause: error },
    );
  }
}

async function realRoot(root: string): Promise<readonly string[]> {
  return await realpath(root).then(
    // A link to all there is opens nothing.
    (path) => (path === sep ? [] : [path]),
    () => [],
  );
}

function isBelow(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path.startsWith(normalize(`${root}${sep}`)));
}

async function openToRead(path: string, url: string): Promise<FileHandle> {
  try {
    // Opening a pipe would wait for its other end.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason = code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file on the node' : `it says ${code}`;
    throw new BoatLoadError(
      'fetch_failed',
      `${showUrl(url)} cannot be read: ${reason}. Check the path, then submit again.`,
      { cause: error },
    );
  }
}

/** The path that was really opened. */
async function openedPath(handle: FileHandle, path: string): Promise<string> {
  if (process.platform === 'linux') return await readlink(`/proc/self/fd/${handle.fd}`);
  return await realpath(path);
}

async function identityOf(handle: FileHandle): Promise<ResumeTag> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return { dev: `${dev}`, ino: `${ino}`, size: `${size}`, mtime: `${mtimeNs}`, ctime: `${ctimeNs}` };
}

function isSame(known: unknown, identity: ResumeTag): boolean {
  if (typeof known !== 'object' || known === null) return false;
  const before = new Map<string, unknown>(Object.entries(known));
  return Object.entries(identity).every(([name, value]) => before.get(name) === value);
}

function refused(url: string): BoatLoadError {
  return new BoatLoadError(
    'fetch_refused',
    `${showUrl(url)} is not fetched: the operator has not opened a directory above it to file: URLs. Upload the file, or ask for --fetch-files with its directory.`,
  );
}
