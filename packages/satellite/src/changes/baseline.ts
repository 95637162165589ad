import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { BoatLoadError, decodePath, type EncodedPath, encodePath } from '@boatload/contract';
import { decodeTar, type ReadOptions, type TarEntry, type TarType } from '@boatload/engine';
import { type PathKey, toBytes, toPathKey } from '../files/container-path.ts';
import { Handoff } from './handoff.ts';

/** What lay at a path before the container was started. */
export interface BaselineEntry {
  readonly key: PathKey;
  readonly type: TarType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** SHA-256 of a file's content, in hexadecimal. */
  readonly sha256?: string;
  /** Where a symbolic link leads, one character per byte. */
  readonly target?: string;
  /** The path in the container that a hard link is another name of. */
  readonly linkKey?: PathKey;
}

export interface BaselineOptions extends ReadOptions {
  /** The absolute path in the container that the stream is unpacked in, or that its names are relative to. */
  readonly prefix: string;
}

const batchLength = 64 * 1024;

/**
 * Passes a tar stream on while it appends what each entry is to a file, as JSON lines; the file is safe on disk
 * before the stream ends. What was recorded later for a path counts.
 * @throws archive_invalid, and whatever the stream throws
 */
export async function* recordBaseline(
  tar: AsyncIterable<Uint8Array>,
  file: string,
  options: BaselineOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const copy = new Handoff<Uint8Array>();
  const recording = record(copy, file, options).finally(() => copy.abandon());
  // Its failure is met below, or not at all when the stream itself fails first.
  recording.catch(() => undefined);
  try {
    for await (const chunk of tar) {
      options.signal?.throwIfAborted();
      await copy.give(chunk);
      yield chunk;
    }
    copy.end();
    await recording;
  } finally {
    copy.end();
    await recording.catch(() => undefined);
  }
}

/** Reads what was recorded, in the order of recording; nothing if there is no file. */
export async function* readBaseline(file: string | undefined): AsyncGenerator<BaselineEntry, void, undefined> {
  const handle = file === undefined ? undefined : await openIfThere(file);
  if (handle === undefined) return;
  const lines = createInterface({ input: createReadStream('', { fd: handle, autoClose: true }), crlfDelay: 0 });
  try {
    for await (const line of lines) yield decodeLine(line);
  } finally {
    lines.close();
    await handle.close().catch(() => undefined);
  }
}

async function record(tar: AsyncIterable<Uint8Array>, file: string, options: BaselineOptions): Promise<void> {
  const handle = await open(file, 'a');
  try {
    let batch = '';
    for await (const entry of decodeTar(tar)) {
      batch += `${JSON.stringify(await encodeEntry(entry, options.prefix))}\n`;
      if (batch.length < batchLength) continue;
      await handle.appendFile(batch);
      batch = '';
    }
    await handle.appendFile(batch);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

interface BaselineLine extends EncodedPath {
  readonly type: TarType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly sha256?: string;
  readonly target?: EncodedPath;
}

async function encodeEntry(entry: TarEntry, prefix: string): Promise<BaselineLine> {
  const { type, mode, uid, gid, size, linkPath } = entry;
  const target = type === 'link' ? place(prefix, linkPath ?? Buffer.alloc(0)) : linkPath;
  return {
    ...encodePath(place(prefix, entry.path)),
    type,
    mode,
    uid,
    gid,
    size,
    mtime: Math.floor(entry.mtime.getTime() / 1000),
    ...(type === 'file' ? { sha256: await hashOf(entry.body) } : {}),
    ...(target === undefined ? {} : { target: encodePath(target) }),
  };
}

/** The SHA-256 of a content, in hexadecimal. */
export async function hashOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

function place(prefix: string, path: Uint8Array): Buffer {
  return toBytes(toPathKey(Buffer.concat([Buffer.from(`${prefix}/`), path])));
}

function decodeLine(line: string): BaselineEntry {
  try {
    // Our own file, written above.
    const { path, path_b64, target, ...rest } = JSON.parse(line) as BaselineLine;
    const key = decodePath(path_b64 === undefined ? { path } : { path, path_b64 }).toString('latin1');
    const link = target === undefined ? undefined : decodePath(target).toString('latin1');
    if (link === undefined) return { ...rest, key };
    return rest.type === 'link' ? { ...rest, key, linkKey: link } : { ...rest, key, target: link };
  } catch (cause) {
    throw new BoatLoadError('internal', 'The record of what was staged for this container is damaged.', { cause });
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
