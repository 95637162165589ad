import type { Stats } from 'node:fs';
import type { PathFacts } from '../files/path-facts.ts';
import type { OpenDirectory } from '../system/open-directory.ts';
import type { OpenFile } from '../system/open-file.ts';

/** The same name in the layers of a view. */
export interface ItemPair {
  readonly name: string;
  readonly upper: { readonly directory: OpenDirectory; readonly stat: Stats };
  readonly lower: { readonly directory: OpenDirectory; readonly stat: Stats };
}

export function factsOfStats(stat: Stats): PathFacts {
  const size = stat.isFile() ? stat.size : 0;
  return { type: typeOf(stat), size, mode: stat.mode & 0o7777, mtime: stat.mtime };
}

/** Whether an overlay's upper directory has this to say that there is nothing of its name. */
export function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

/**
 * Whether the same name is something else in the upper directory than below: by type, mode, owner, size, time (in
 * seconds, as lists tell it) and, where these are equal, by content. What is gone meanwhile is no other.
 */
export async function isModified(pair: ItemPair, signal: AbortSignal | undefined): Promise<boolean> {
  const { upper, lower, name } = pair;
  if (!looksAlike(upper.stat, lower.stat)) return true;
  if (upper.stat.isSymbolicLink()) {
    const target = upper.directory.readLink(name);
    const before = lower.directory.readLink(name);
    return target !== undefined && before !== undefined && !target.equals(before);
  }
  if (!upper.stat.isFile() || upper.stat.size === 0) return false;
  using now = upper.directory.openFile(name);
  using before = lower.directory.openFile(name);
  return now !== undefined && before !== undefined && !(await hasSameContent(now, before, signal));
}

function looksAlike(left: Stats, right: Stats): boolean {
  return (
    typeOf(left) === typeOf(right) &&
    (left.isSymbolicLink() || (left.mode & 0o7777) === (right.mode & 0o7777)) &&
    left.uid === right.uid &&
    left.gid === right.gid &&
    (!left.isFile() || left.size === right.size) &&
    Math.floor(left.mtimeMs / 1000) === Math.floor(right.mtimeMs / 1000)
  );
}

async function hasSameContent(left: OpenFile, right: OpenFile, signal: AbortSignal | undefined): Promise<boolean> {
  for (let at = 0; ; ) {
    signal?.throwIfAborted();
    const wanted = right.stat.size + 1 - at;
    const ours = await left.read(at, wanted);
    const theirs = await right.read(at, wanted);
    const length = Math.min(ours.length, theirs.length);
    if (length === 0) return ours.length === theirs.length;
    if (!ours.subarray(0, length).equals(theirs.subarray(0, length))) return false;
    at += length;
  }
}

function typeOf(stat: Stats): PathFacts['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isSocket()) return 'socket';
  return stat.isBlockDevice() ? 'block' : 'char';
}
