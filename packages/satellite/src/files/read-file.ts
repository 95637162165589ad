import { BoatLoadError, type ByteRange } from '@boatload/contract';
import type { Engine, ReadOptions, TarEntry } from '@boatload/engine';
import type { ReadTarget } from '../state/attempt-record.ts';
import { type PathKey, toText } from './container-path.ts';
import { locate } from './locate.ts';
import { readOne } from './read-tree.ts';

/**
 * Streams a regular file, or the part of it in `range` (what of it lies beyond the end is left out). What
 * stands before the range passes through the Engine's stream unread. Leaving early or aborting ends that stream.
 * @throws file_not_found, not_a_file; range_not_satisfiable when the range starts behind the end; conflict when
 * the file becomes shorter while it is read
 */
export async function* readFile(
  engine: Engine,
  target: ReadTarget,
  path: Uint8Array,
  options: ReadOptions & { readonly range?: ByteRange | undefined } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { key, stat } = await locate(engine, target.containerId, path, options);
  if (stat.type !== 'file') throw notAFile(key, stat.type);
  let found = false;
  try {
    for await (const { entry } of readOne(engine, target.containerId, key, options)) {
      found = true;
      // The container may have put something else in its place meanwhile.
      if (entry.type !== 'file') throw notAFile(key, entry.type);
      const { start, end } = options.range ?? { start: 0, end: entry.size - 1 };
      if (start > 0 && start >= entry.size) throw behindEnd(key, entry.size);
      yield* cut(entry, start, end);
      if (end < entry.size - 1) return;
    }
  } catch (error) {
    throw error instanceof BoatLoadError && error.code === 'archive_invalid' ? becameShorter(key, error) : error;
  }
  if (!found) throw new BoatLoadError('file_not_found', `«${toText(key)}» is gone since it was looked for.`);
}

/** The bytes of a body from `start` to `end`, both included. */
async function* cut(entry: TarEntry, start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for await (const chunk of entry.body) {
    const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at));
    at += chunk.length;
    if (part.length > 0) yield part;
    if (at > end) return;
  }
}

function notAFile(key: PathKey, type: string): BoatLoadError {
  const what = type === 'directory' ? 'a directory' : `not a regular file (${type})`;
  return new BoatLoadError('not_a_file', `«${toText(key)}» is ${what}: only regular files have content to read.`);
}

function behindEnd(key: PathKey, size: number): BoatLoadError {
  return new BoatLoadError('range_not_satisfiable', `«${toText(key)}» has only ${size} bytes.`);
}

function becameShorter(key: PathKey, cause: BoatLoadError): BoatLoadError {
  return new BoatLoadError('conflict', `«${toText(key)}» became shorter while it was read: read it again.`, { cause });
}
