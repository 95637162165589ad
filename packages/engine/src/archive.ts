import { BoatLoadError } from '@boatload/contract';
import type { Engine } from './connect.ts';
import type { EngineResponse } from './engine-response.ts';
import { refusalOf } from './errors.ts';
import { numberMember, textMember } from './json-fields.ts';
import { explainMissing } from './missing-container.ts';

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What is at a path of a container; a symbolic link at its end is not followed. */
export interface PathStat {
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';
  /** Bytes; for anything but a file what its file system says. */
  readonly size: number;
  /** Permission bits, with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly mtime: Date;
  /**
   * Where a symbolic link leads in the end, as the Engine resolved it within the container; each byte that is
   * not UTF-8 stands as U+FFFD. The target need not exist.
   */
  readonly linkTarget?: string;
}

/** A path that differs from the image in the container's own file system (not in its volumes). */
export interface EngineChange {
  /** Text; each byte that is not UTF-8 stands as U+FFFD. */
  readonly path: string;
  readonly kind: 'added' | 'modified' | 'deleted';
}

/**
 * Opens what is at a path as a tar stream: a directory with all below it, volumes included; anything else as
 * one entry; nothing for a socket. Symbolic links are followed within the container, except at the end of the
 * path (`/.` behind it follows that one too). Engine 20.10 gives nothing for a path whose last name is not UTF-8,
 * but does give it within its directory. The Engine keeps the container locked until the stream ends or
 * is discarded: another call for the same container waits for it.
 * @param path absolute, in bytes
 * @throws file_not_found, attempt_not_found
 */
export async function getArchive(
  engine: Engine,
  containerId: string,
  path: Uint8Array,
  options: ReadOptions = {},
): Promise<EngineResponse> {
  try {
    return await engine.request({ method: 'GET', path: archivePath(containerId, path), signal: options.signal });
  } catch (error) {
    throw explainRefusal(error, path);
  }
}

/**
 * Tells what is at a path.
 * @throws file_not_found also for a loop of symbolic links and a file in the middle of the path; attempt_not_found
 */
export async function statArchive(
  engine: Engine,
  containerId: string,
  path: Uint8Array,
  options: ReadOptions = {},
): Promise<PathStat> {
  const target = archivePath(containerId, path);
  try {
    const response = await engine.request({ method: 'HEAD', path: target, signal: options.signal });
    return decodePathStat(response.headers['x-docker-container-path-stat']);
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    // An answer to HEAD cannot say why it refused; the same question by GET can.
    (await getArchive(engine, containerId, path, options)).discard();
    throw explainRefusal(error, path);
  }
}

/**
 * Unpacks a tar stream into a directory of the container, as it comes.
 * @throws file_not_found when the directory is missing, attempt_not_found, and whatever the stream throws
 */
export async function putArchive(
  engine: Engine,
  containerId: string,
  path: Uint8Array,
  options: ReadOptions & { readonly bytes: AsyncIterable<Uint8Array> },
): Promise<void> {
  const { bytes: body, signal } = options;
  try {
    const response = await engine.request({ method: 'PUT', path: archivePath(containerId, path), body, signal });
    await response.text();
  } catch (error) {
    throw explainRefusal(error, path);
  }
}

/**
 * What the container changed in its own file system. The Engine makes and sends the list as a whole, so it is
 * held as a whole.
 * @throws attempt_not_found
 */
export async function changesOf(
  engine: Engine,
  containerId: string,
  options: ReadOptions = {},
): Promise<readonly EngineChange[]> {
  try {
    const path = `/containers/${encodeURIComponent(containerId)}/changes`;
    const answer = await engine.json({ method: 'GET', path, signal: options.signal });
    return Array.isArray(answer) ? answer.map(decodeChange) : [];
  } catch (error) {
    throw explainMissing(error);
  }
}

/**
 * Opens the container's own file system as a tar stream, without its volumes.
 * @throws attempt_not_found
 */
export async function exportContainer(
  engine: Engine,
  containerId: string,
  options: ReadOptions = {},
): Promise<EngineResponse> {
  try {
    const path = `/containers/${encodeURIComponent(containerId)}/export`;
    return await engine.request({ method: 'GET', path, signal: options.signal });
  } catch (error) {
    throw explainMissing(error);
  }
}

function archivePath(containerId: string, path: Uint8Array): string {
  return `/containers/${encodeURIComponent(containerId)}/archive?path=${percentEncode(path)}`;
}

function percentEncode(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return text.replace(/[^A-Za-z0-9/._~-]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The Engine answers 500 for what is wrong with a path: only its words tell it from a fault of its own. */
const pathReasons: readonly (readonly [RegExp, string])[] = [
  [/not a directory/i, 'a part of the path before the last is not a directory'],
  [/too many (links|levels)/i, 'its symbolic links lead in a circle'],
  [/name too long/i, 'the name is longer than a file name can be'],
  [/invalid argument/i, 'no file can have this name'],
  [/no such file/i, 'it does not exist'],
];

function explainRefusal(error: unknown, path: Uint8Array): unknown {
  const refusal = refusalOf(error);
  if (refusal === undefined) return error;
  const missing = explainMissing(error);
  if (missing !== error) return missing;
  const known = pathReasons.find(([words]) => words.test(refusal.reason));
  const reason = refusal.status === 404 ? 'it does not exist' : known?.[1];
  if (reason === undefined) return error;
  const name = Buffer.from(path).toString();
  return new BoatLoadError('file_not_found', `The container has no file «${name}»: ${reason}.`, { cause: refusal });
}

const typeBits: readonly (readonly [number, PathStat['type']])[] = [
  [0x8000_0000, 'directory'],
  [0x0800_0000, 'symlink'],
  [0x0020_0000, 'char'],
  [0x0400_0000, 'block'],
  [0x0200_0000, 'fifo'],
  [0x0100_0000, 'socket'],
];
const modeBits: readonly (readonly [number, number])[] = [
  [0x0080_0000, 0o4000],
  [0x0040_0000, 0o2000],
  [0x0010_0000, 0o1000],
];

function decodePathStat(header: string | readonly string[] | undefined): PathStat {
  const stat: unknown = typeof header === 'string' ? JSON.parse(Buffer.from(header, 'base64').toString()) : undefined;
  const mtime = new Date(textMember(stat, 'mtime'));
  if (Number.isNaN(mtime.getTime())) throw oddAnswer('the stat of a path');
  const mode = numberMember(stat, 'mode');
  const linkTarget = textMember(stat, 'linkTarget');
  return {
    type: typeBits.find(([bit]) => (mode & bit) !== 0)?.[1] ?? 'file',
    size: numberMember(stat, 'size'),
    mode: modeBits.reduce((bits, [bit, value]) => ((mode & bit) === 0 ? bits : bits | value), mode & 0o777),
    mtime,
    ...(linkTarget === '' ? {} : { linkTarget }),
  };
}

const changeKinds = ['modified', 'added', 'deleted'] as const;

function decodeChange(change: unknown): EngineChange {
  const path = textMember(change, 'Path');
  const known = changeKinds[numberMember(change, 'Kind')];
  if (path === '' || known === undefined) throw oddAnswer('the list of changes');
  return { path, kind: known };
}

function oddAnswer(what: string): BoatLoadError {
  return new BoatLoadError(
    'engine_error',
    `The Docker Engine answered ${what} in a form that BoatLoad does not know: check the Engine's version.`,
  );
}
