import type { PathFacts } from '../files/path-facts.ts';
import { type EntryStat, typeOfStat } from '../system/entry-stat.ts';
import type { OpenDirectory } from '../system/open-directory.ts';
import type { OpenFile } from '../system/open-file.ts';

/** The same name in the layers of a view. */
export interface ItemPair {
  readonly name: string;
  readonly upper: { readonly directory: OpenDirectory; readonly stat: EntryStat };
  readonly lower: { readonly directory: OpenDirectory; readonly stat: EntryStat };
}

export function factsOfStats(stat: EntryStat): PathFacts {
  const type = typeOfStat(stat);
  const { mode, mtimeMs } = stat;
  return { type, size: type === 'file' ? stat.size : 0, mode: mode & 0o7777, mtime: new Date(mtimeMs) };
}

/** Whether an overlay's upper directory has this to say that there is nothing of its name. */
export function isWhiteout(stat: EntryStat): boolean {
  return stat.rdev === 0 && typeOfStat(stat) === 'char';
}

/**
 * Whether the same name is something else in the upper directory than below: by type, mode, owner, size, time (in
 * seconds, as lists tell it) and, where these are equal, by content. What is gone meanwhile is no other.
 */
export async function isModified(pair: ItemPair, signal: AbortSignal | undefined): Promise<boolean> {
  const { upper, lower, name } = pair;
  if (!looksAlike(upper.stat, lower.stat)) return true;
  const type = typeOfStat(upper.stat);
  if (type === 'symlink') {
    const target = upper.directory.readLink(name);
    const before = lower.directory.readLink(name);
    return target !== undefined && before !== undefined && !target.equals(before);
  }
  if (type !== 'file' || upper.stat.size === 0) return false;
  using now = upper.directory.openFile(name);
  using before = lower.directory.openFile(name);
  return now !== undefined && before !== undefined && !(await hasSameContent(now, before, signal));
}

function looksAlike(left: EntryStat, right: EntryStat): boolean {
  const type = typeOfStat(left);
  return (
    type === typeOfStat(right) &&
    // Linux keeps no mode for symbolic links.
    (type === 'symlink' || left.mode === right.mode) &&
    left.uid === right.uid &&
    left.gid === right.gid &&
    (type !== 'file' || left.size === right.size) &&
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
