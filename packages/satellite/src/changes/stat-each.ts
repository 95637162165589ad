import { BoatLoadError } from '@boatload/contract';
import { type Engine, type ReadOptions, statArchive } from '@boatload/engine';
import pLimit from 'p-limit';
import { type PathKey, toBytes } from '../files/container-path.ts';
import { factsOfStat, type PathFacts } from '../files/path-facts.ts';

/** The Engine works on one question per container at a time; a few more keep it busy. */
const questionsInFlight = 4;

/** Asks for each path by itself (about a millisecond each). Paths that are not there are missing in the answer. */
export async function statEach(
  engine: Engine,
  containerId: string,
  keys: readonly PathKey[],
  options: ReadOptions,
): Promise<ReadonlyMap<PathKey, PathFacts>> {
  const found = new Map<PathKey, PathFacts>();
  await pLimit(questionsInFlight).map(keys, async (key) => {
    options.signal?.throwIfAborted();
    try {
      found.set(key, factsOfStat(await statArchive(engine, containerId, toBytes(key), options)));
    } catch (error) {
      if (!(error instanceof BoatLoadError) || error.code !== 'file_not_found') throw error;
    }
  });
  return found;
}
