import type { FileChange } from '@boatload/contract';
import type { PathStat, TarEntry } from '@boatload/engine';

/** What lists tell of a path. */
export interface PathFacts {
  readonly type: NonNullable<FileChange['type']>;
  /** Bytes of a file, 0 for anything else. */
  readonly size: number;
  readonly mode: number;
  /** To the second at least: some of the Engine's answers have no more. */
  readonly mtime: Date;
}

/** Facts from an entry of an archive; undefined for a hard link, whose size stands elsewhere. */
export function factsOfEntry(entry: TarEntry): PathFacts | undefined {
  if (entry.type === 'link') return undefined;
  return { type: entry.type, size: entry.size, mode: entry.mode, mtime: entry.mtime };
}

export function factsOfStat(stat: PathStat): PathFacts {
  const size = stat.type === 'file' ? stat.size : 0;
  return { type: stat.type, size, mode: stat.mode, mtime: stat.mtime };
}

/** A time as lists tell it: in whole seconds, so that it doesn't depend on how the list was read. */
export function listedTime(time: Date): string {
  return new Date(Math.floor(time.getTime() / 1000) * 1000).toISOString();
}
