import { changesOf, type Engine, type ReadOptions } from '@boatload/engine';
import { isBelow, type PathKey, parentOf, textToPathKey } from '../files/container-path.ts';
import type { ReadTarget } from '../state/attempt-record.ts';
import { findTrueNames, type KeyedChange } from './true-names.ts';

/**
 * What the container changed in its own file system, by path, without what is there only because we mounted
 * volumes. Held as a whole: the Engine sends it as a whole, in no order.
 */
export async function readRootChanges(
  engine: Engine,
  target: ReadTarget,
  options: ReadOptions,
): Promise<readonly KeyedChange[]> {
  const changes = await changesOf(engine, target.containerId, options);
  const keyed = await findTrueNames(engine, target.containerId, changes, options);
  const injected = injectedPaths(target);
  const own = keyed.filter((change) => !injected.has(change.key));
  const touched = new Set([...injected].flatMap(ancestorsOf));
  return own.filter((change) => !isTouchedByUs(change, own, touched)).sort(byKey);
}

/** The mount points and the directories that were made for them. */
export function injectedPaths(target: ReadTarget): ReadonlySet<PathKey> {
  return new Set([...target.injected, ...target.mounts.map((mount) => mount.path)].map(textToPathKey));
}

/** Orders by the bytes of the paths: keys have one character per byte. */
export function byKey(left: { readonly key: PathKey }, right: { readonly key: PathKey }): number {
  if (left.key === right.key) return 0;
  return left.key < right.key ? -1 : 1;
}

/**
 * Making a mount point marks the directory that it is made in as modified. Such a directory is the container's
 * change only if the container changed something below it.
 */
function isTouchedByUs(change: KeyedChange, own: readonly KeyedChange[], touched: ReadonlySet<PathKey>): boolean {
  if (change.kind !== 'modified' || !touched.has(change.key)) return false;
  const isOurs = (other: KeyedChange): boolean => other.kind === 'modified' && touched.has(other.key);
  return !own.some((other) => isBelow(other.key, change.key) && !isOurs(other));
}

function ancestorsOf(key: PathKey): PathKey[] {
  const parent = parentOf(key);
  return parent === '/' ? [] : [parent, ...ancestorsOf(parent)];
}
