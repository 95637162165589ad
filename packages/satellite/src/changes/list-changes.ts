import { encodePath, type FileChange } from '@boatload/contract';
import type { Engine, ReadOptions } from '@boatload/engine';
import { textToPathKey, toBytes } from '../files/container-path.ts';
import { listedTime, type PathFacts } from '../files/path-facts.ts';
import type { ReadTarget } from '../state/attempt-record.ts';
import { describePaths } from './describe-paths.ts';
import { readMountChanges } from './mount-changes.ts';
import { byKey, readRootChanges } from './root-changes.ts';
import { planReading } from './subtrees.ts';
import type { KeyedChange } from './true-names.ts';

/**
 * Every path that the container changed, in the order of bytes: in its own file system as the Engine tells it,
 * in its mounts compared with what was staged, or as the upper directory of a view tells. What is there only because we mounted is left out. Of a deleted
 * directory there is one entry. Times are in whole seconds; sockets in mounts, which the Engine doesn't show,
 * are missing there. The list is held in memory, since it comes without order.
 */
export async function* listChanges(
  engine: Engine,
  target: ReadTarget,
  options: ReadOptions = {},
): AsyncGenerator<FileChange, void, undefined> {
  const changes = [...(await describeRootChanges(engine, target, options))];
  for (const mount of target.mounts) {
    // One by one: there may be more than a call takes arguments.
    for (const change of await readMountChanges(engine, target, mount, options)) changes.push(change);
  }
  for (const { key, kind, facts } of changes.sort(byKey)) {
    const known = facts === undefined ? nothing : { ...facts, mtime: listedTime(facts.mtime) };
    yield { ...encodePath(toBytes(key)), kind, ...known };
  }
}

const nothing = { type: null, size: null, mode: null, mtime: null } as const;

async function describeRootChanges(
  engine: Engine,
  target: ReadTarget,
  options: ReadOptions,
): Promise<readonly (KeyedChange & { readonly facts: PathFacts | undefined })[]> {
  const changes = await readRootChanges(engine, target, options);
  const mountPoints = target.mounts.map((mount) => textToPathKey(mount.path));
  const facts = await describePaths(engine, target.containerId, planReading(changes, mountPoints), options);
  return (
    changes
      .map((change) => ({ ...change, facts: facts.get(change.key) }))
      // What is gone since the Engine made its list is no change that can be told.
      .filter((change) => change.kind === 'deleted' || change.facts !== undefined)
  );
}
