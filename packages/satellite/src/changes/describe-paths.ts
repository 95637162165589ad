import { BoatLoadError } from '@boatload/contract';
import type { Engine, ReadOptions } from '@boatload/engine';
import type { PathKey } from '../files/container-path.ts';
import { factsOfEntry, type PathFacts } from '../files/path-facts.ts';
import { readTree, readWholeTree, type TreeEntry } from '../files/read-tree.ts';
import { isCutOff } from '../files/retry-cut.ts';
import { statEach } from './stat-each.ts';
import type { ReadingPlan } from './subtrees.ts';

/** From how many paths on a stream of all of them may be quicker than a question for each. */
const streamedSubtree = 64;
const streamedSingles = 400;
/** A question takes about as long as the Engine needs to stream this much. */
const bytesPerQuestion = 1024 * 1024;

/**
 * Tells type, size, mode and time of changed paths; what is no longer there is missing. Asks for each path by
 * itself, or reads the headers of a stream that holds many; a stream whose files turn out large is left again.
 */
export async function describePaths(
  engine: Engine,
  containerId: string,
  plan: ReadingPlan,
  options: ReadOptions,
): Promise<ReadonlyMap<PathKey, PathFacts>> {
  const found = new Map<PathKey, PathFacts>();
  for (const { key, keys } of plan.subtrees) {
    if (keys.length >= streamedSubtree) await scan(readTree(engine, containerId, key, options), new Set(keys), found);
  }
  if (plan.singles.length >= streamedSingles) {
    await scan(readWholeTree(engine, containerId, options), new Set(plan.singles), found);
  }
  const all = [...plan.singles, ...plan.subtrees.flatMap((subtree) => subtree.keys)];
  const left = all.filter((key) => !found.has(key));
  for (const [key, facts] of await statEach(engine, containerId, left, options)) found.set(key, facts);
  return found;
}

async function scan(
  tree: AsyncIterable<TreeEntry>,
  wanted: ReadonlySet<PathKey>,
  found: Map<PathKey, PathFacts>,
): Promise<void> {
  let allowance = wanted.size * bytesPerQuestion;
  try {
    for await (const { key, entry, linkKey } of tree) {
      const facts = linkKey === undefined ? factsOfEntry(entry) : found.get(linkKey);
      if (facts !== undefined && wanted.has(key)) found.set(key, facts);
      allowance -= entry.size;
      if (allowance < 0) return;
    }
  } catch (error) {
    // What the stream doesn't tell is asked for: it may have been cut off, or its directory be gone.
    const gone = error instanceof BoatLoadError && error.code === 'file_not_found';
    if (!gone && !isCutOff(error)) throw error;
  }
}
