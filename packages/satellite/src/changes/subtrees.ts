import { isBelow, type PathKey } from '../files/container-path.ts';
import type { KeyedChange } from './true-names.ts';

/** A directory that the container made, with all that is changed below it. */
export interface Subtree {
  readonly key: PathKey;
  /** The directory itself and what lies below it. */
  readonly keys: readonly PathKey[];
}

/** Changed paths as they are best read: whole new directories at once, all others one by one. */
export interface ReadingPlan {
  /** In the order in which an archive has them: a directory directly before all that lies in it. */
  readonly units: readonly (Subtree | PathKey)[];
  readonly subtrees: readonly Subtree[];
  readonly singles: readonly PathKey[];
}

/**
 * Finds the new directories among the changes: what lies in them is all new, so that they can be read whole.
 * One that holds a mount point is not taken whole, as the mount's content would come along.
 */
export function planReading(changes: readonly KeyedChange[], mountPoints: readonly PathKey[]): ReadingPlan {
  const units: (Subtree | PathKey)[] = [];
  const present = depthFirst(changes.filter((change) => change.kind !== 'deleted'));
  let at = 0;
  for (let change = present[at]; change !== undefined; change = present[at]) {
    const { key, kind } = change;
    let end = at + 1;
    while (end < present.length && isBelow(present[end]?.key ?? '', key)) end += 1;
    const holdsMount = mountPoints.some((point) => isBelow(point, key));
    const isWhole = kind === 'added' && end > at + 1 && !holdsMount;
    units.push(isWhole ? { key, keys: present.slice(at, end).map((inner) => inner.key) } : key);
    at = isWhole ? end : at + 1;
  }
  return {
    units,
    subtrees: units.filter((unit) => typeof unit !== 'string'),
    singles: units.filter((unit) => typeof unit === 'string'),
  };
}

/** Orders a directory directly before all that lies below it: `/a/b` before `/a-b`, unlike in the order of bytes. */
function depthFirst(changes: readonly KeyedChange[]): readonly KeyedChange[] {
  return changes
    .map((change) => ({ change, order: change.key.replaceAll('/', '\0') }))
    .sort((left, right) => (left.order < right.order ? -1 : 1))
    .map(({ change }) => change);
}
