import { BoatLoadError, type DirectoryEntry, encodePath } from '@boatload/contract';
import type { Engine, ReadOptions } from '@boatload/engine';
import { statEach } from '../changes/stat-each.ts';
import type { ReadTarget } from '../state/attempt-record.ts';
import { nameOf, type PathKey, parentOf, toBytes, toText } from './container-path.ts';
import { locate } from './locate.ts';
import { factsOfEntry, listedTime, type PathFacts } from './path-facts.ts';
import { readTree } from './read-tree.ts';
import { retryCut } from './retry-cut.ts';

/**
 * Lists the entries of a directory, by name in the order of bytes; the list of one directory is held in memory.
 * The Engine can only stream a directory with everything below it, so the time grows with the size of that
 * (about a second per GiB), and sockets are missing.
 * @throws file_not_found, not_a_file; conflict when files below keep becoming shorter while they are read
 */
export async function listDirectory(
  engine: Engine,
  target: ReadTarget,
  path: Uint8Array,
  options: ReadOptions = {},
): Promise<readonly DirectoryEntry[]> {
  const { key: directory, stat } = await locate(engine, target.containerId, path, options);
  if (stat.type !== 'directory') {
    throw new BoatLoadError('not_a_file', `«${toText(directory)}» is no directory: it has no entries to list.`);
  }
  const { found, hardLinks } = await retryCut(() => readEntries(engine, target.containerId, directory, options));
  for (const [key, facts] of await statEach(engine, target.containerId, hardLinks, options)) found.set(key, facts);
  const keys = [...found.keys()].sort(byBytes);
  return keys.flatMap((key) => describe(key, found.get(key)));
}

interface Entries {
  readonly found: Map<PathKey, PathFacts>;
  /** Other names of files that lie deeper. */
  readonly hardLinks: readonly PathKey[];
}

async function readEntries(
  engine: Engine,
  containerId: string,
  directory: PathKey,
  options: ReadOptions,
): Promise<Entries> {
  const found = new Map<PathKey, PathFacts>();
  const hardLinks: PathKey[] = [];
  for await (const { key, entry, linkKey } of readTree(engine, containerId, directory, options)) {
    if (key === directory || parentOf(key) !== directory) continue;
    const facts = linkKey === undefined ? factsOfEntry(entry) : found.get(linkKey);
    if (facts === undefined) hardLinks.push(key);
    else found.set(key, facts);
  }
  return { found, hardLinks };
}

/** Keys have one character per byte, so that comparing them compares bytes. */
function byBytes(left: PathKey, right: PathKey): number {
  return left < right ? -1 : 1;
}

function describe(key: PathKey, facts: PathFacts | undefined): DirectoryEntry[] {
  if (facts === undefined) return [];
  const { path: name, path_b64 } = encodePath(toBytes(nameOf(key)));
  const encoded = path_b64 === undefined ? {} : { name_b64: path_b64 };
  return [{ name, ...encoded, ...facts, mtime: listedTime(facts.mtime) }];
}
