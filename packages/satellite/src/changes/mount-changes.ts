import type { Engine, ReadOptions } from '@boatload/engine';
import { isBelow, type PathKey, parentOf, textToPathKey } from '../files/container-path.ts';
import { factsOfEntry, type PathFacts } from '../files/path-facts.ts';
import { readTree, type TreeEntry } from '../files/read-tree.ts';
import { retryCut } from '../files/retry-cut.ts';
import type { MountRecord, ReadTarget } from '../state/attempt-record.ts';
import { type BaselineEntry, hashOf, readBaseline } from './baseline.ts';
import { factsOfStats } from './compare-entries.ts';
import { injectedPaths } from './root-changes.ts';
import type { KeyedChange } from './true-names.ts';
import { readViewChanges, type Skips } from './view-changes.ts';

/** A change in a mount, with what is there now; undefined for what was deleted. */
export interface MountChange extends KeyedChange {
  readonly facts: PathFacts | undefined;
}

/** What was at a path before the start, in the form in which it is compared. */
interface Before {
  /** Type, mode, owner, size and time. */
  readonly outside: string;
  /** Hash or target of a symbolic link. */
  readonly inside: string;
}

/**
 * What the container changed in one of its mounts: in a view as its upper directory tells, otherwise compared with
 * the baseline by type, mode, owner, size, time and content. Of what was deleted only the top-most path is told.
 * Baseline and changes of one mount are held in memory; what is staged is limited in its number of entries.
 */
export async function readMountChanges(
  engine: Engine,
  target: ReadTarget,
  mount: MountRecord,
  options: ReadOptions,
): Promise<readonly MountChange[]> {
  const mountPoint = textToPathKey(mount.path);
  const skips = skipsIn(mountPoint, target);
  if (mount.view !== undefined) {
    const changes: MountChange[] = [];
    for await (const { key, kind, source } of readViewChanges(mount.view, { ...options, mountPoint, skips })) {
      changes.push({ key, kind, facts: source === undefined ? undefined : factsOfStats(source.stat) });
    }
    return changes;
  }
  return await retryCut(async () => {
    const before = await loadBefore(target.baselineFile, mountPoint);
    const existing = new Set([...before.keys()].flatMap((key) => ancestorsIn(mountPoint, key)));
    const comparison = new Comparison(before, existing);
    for await (const item of readTree(engine, target.containerId, mountPoint, options)) {
      if (item.key !== mountPoint && !skips.itself(item.key) && !skips.below(item.key)) await comparison.meet(item);
    }
    return [...comparison.changes, ...comparison.deleted()];
  });
}

class Comparison {
  readonly changes: MountChange[] = [];
  /** What has not been met yet. */
  readonly #before: Map<PathKey, Before>;
  readonly #existing: ReadonlySet<PathKey>;
  /** Every outside that the baseline has. */
  readonly #outsides: ReadonlySet<string>;
  /** What regular files are, for the hard links that may name them again. */
  readonly #files = new Map<PathKey, { readonly facts: PathFacts; readonly now: Before }>();

  constructor(before: Map<PathKey, Before>, existing: ReadonlySet<PathKey>) {
    this.#before = before;
    this.#existing = existing;
    this.#outsides = new Set([...before.values()].map((entry) => entry.outside));
  }

  async meet({ key, entry, linkKey }: TreeEntry): Promise<void> {
    const before = this.#before.get(key);
    this.#before.delete(key);
    const original = linkKey === undefined ? undefined : this.#files.get(linkKey);
    const facts = original?.facts ?? factsOfEntry(entry);
    if (facts === undefined) return;
    const now = original?.now ?? { outside: outsideOf(entry), inside: await this.#insideOf(entry) };
    if (entry.type === 'file') this.#files.set(key, { facts, now });
    if (before === undefined) {
      // A directory that staging made on the way to a file was there before, though nothing is recorded of it.
      if (facts.type !== 'directory' || !this.#existing.has(key)) this.changes.push({ key, kind: 'added', facts });
    } else if (before.outside !== now.outside || before.inside !== now.inside) {
      this.changes.push({ key, kind: 'modified', facts });
    }
  }

  /** What was not met, without what lies in a directory that is listed itself. */
  deleted(): MountChange[] {
    const gone = new Set(this.#before.keys());
    return [...gone]
      .filter((key) => !gone.has(parentOf(key)))
      .map((key) => ({ key, kind: 'deleted', facts: undefined }));
  }

  async #insideOf(entry: TreeEntry['entry']): Promise<string> {
    if (entry.type === 'symlink') return Buffer.from(entry.linkPath ?? []).toString('latin1');
    // Content is read only where it can be what tells a change, also of a hard link that comes later.
    return entry.type === 'file' && this.#outsides.has(outsideOf(entry)) ? await hashOf(entry.body) : '';
  }
}

async function loadBefore(file: string | undefined, directory: PathKey): Promise<Map<PathKey, Before>> {
  const before = new Map<PathKey, Before>();
  for await (const entry of readBaseline(file)) {
    if (!isBelow(entry.key, directory)) continue;
    const found = beforeOf(entry, before);
    if (found !== undefined) before.set(entry.key, found);
  }
  return before;
}

function beforeOf(entry: BaselineEntry, known: ReadonlyMap<PathKey, Before>): Before | undefined {
  if (entry.linkKey !== undefined) return known.get(entry.linkKey);
  return {
    outside: outsideOf({ ...entry, mtime: new Date(entry.mtime * 1000) }),
    inside: entry.sha256 ?? entry.target ?? '',
  };
}

function outsideOf(entry: Pick<TreeEntry['entry'], 'type' | 'mode' | 'uid' | 'gid' | 'size' | 'mtime'>): string {
  const { type, uid, gid, size, mtime } = entry;
  // Linux keeps no mode for symbolic links.
  const mode = type === 'symlink' ? 0o777 : entry.mode;
  return [type, mode, uid, gid, size, Math.floor(mtime.getTime() / 1000)].join(' ');
}

function ancestorsIn(directory: PathKey, key: PathKey): PathKey[] {
  const parent = parentOf(key);
  return isBelow(parent, directory) ? [parent, ...ancestorsIn(directory, parent)] : [];
}

/** Other mounts within this one, and what was made for them, are told of by themselves or not at all. */
export function skipsIn(mountPoint: PathKey, target: ReadTarget): Skips {
  const injected = injectedPaths(target);
  const inner = target.mounts.map((mount) => textToPathKey(mount.path)).filter((path) => isBelow(path, mountPoint));
  return {
    itself: (key) => injected.has(key),
    below: (key) => inner.some((path) => isBelow(key, path)),
  };
}
