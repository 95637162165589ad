import { type Engine, type ReadOptions, tarEnd } from '@boatload/engine';
import { type MountChange, readMountChanges } from '../changes/mount-changes.ts';
import { injectedPaths, readRootChanges } from '../changes/root-changes.ts';
import { statEach } from '../changes/stat-each.ts';
import { planReading, type ReadingPlan } from '../changes/subtrees.ts';
import type { KeyedChange } from '../changes/true-names.ts';
import type { MountRecord, ReadTarget } from '../state/attempt-record.ts';
import { ArchivePasses } from './archive-passes.ts';
import { isBelow, type PathKey, textToPathKey } from './container-path.ts';
import { gather } from './pack-entry.ts';
import { readTree, readWholeTree } from './read-tree.ts';
import { packView } from './view-archive.ts';

/** Up to how many paths that lie apart are read one by one, rather than the container's whole file system. */
const fewSingles = 16;
/** Reading one path by itself takes about as long as the Engine needs to stream this much. */
const bytesPerReading = 40 * 1024 * 1024;

/**
 * Every change as an uncompressed tar, with paths relative to the container's root. Modes, owners, times,
 * symbolic and hard links are kept (a hard link between directories that were read apart becomes a file),
 * devices and FIFOs are headers, sockets are left out. A deleted path is an empty file `.wh.NAME` in its
 * directory, as in the layers of an OCI image. A directory stands directly before its content. A file that becomes
 * shorter while it is read is filled up with zeros. The list of changes is held in memory (not that of a view), no
 * content is.
 */
export async function* streamArchive(
  engine: Engine,
  target: ReadTarget,
  options: ReadOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* gather(packChanges(engine, target, options));
}

async function* packChanges(
  engine: Engine,
  target: ReadTarget,
  options: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const passes = new ArchivePasses(engine, target.containerId, options);
  const changes = await readRootChanges(engine, target, options);
  passes.addDeletions(changes);
  yield* packRoot(passes, { engine, target, options, changes });
  for (const mount of target.mounts) {
    const { path, view } = mount;
    if (view === undefined) yield* packMount(passes, { engine, target, options, mount });
    else yield* packView({ path, view }, target, options);
  }
  yield* passes.otherDeletions();
  yield tarEnd;
}

interface MountReading {
  readonly engine: Engine;
  readonly target: ReadTarget;
  readonly options: ReadOptions;
  readonly mount: MountRecord;
}

async function* packMount(passes: ArchivePasses, reading: MountReading): AsyncGenerator<Uint8Array, void, undefined> {
  const { engine, target, options, mount } = reading;
  const directory = textToPathKey(mount.path);
  const changes = await readMountChanges(engine, target, mount, options);
  passes.addDeletions(changes);
  yield* passes.deletionsIn(directory);
  const keys = presentKeys(changes);
  if (keys.length === 0) return;
  const wanted = new Set(keys);
  yield* passes.run({
    open: () => readTree(engine, target.containerId, directory, options),
    wants: (key) => wanted.has(key),
  });
  yield* passes.each(keys);
}

interface RootReading {
  readonly engine: Engine;
  readonly target: ReadTarget;
  readonly options: ReadOptions;
  readonly changes: readonly KeyedChange[];
}

async function* packRoot(passes: ArchivePasses, reading: RootReading): AsyncGenerator<Uint8Array, void, undefined> {
  const { engine, target, options, changes } = reading;
  const keys = presentKeys(changes);
  const mountPoints = target.mounts.map((mount) => textToPathKey(mount.path));
  const plan = planReading(changes, mountPoints);
  if (plan.singles.length > fewSingles || (await mayHoldHardLinks(reading, plan))) {
    const wanted = new Set(keys);
    yield* passes.run({
      open: () => readWholeTree(engine, target.containerId, options),
      wants: (key) => wanted.has(key),
      foreignBytes: plan.singles.length * bytesPerReading,
    });
  }
  const injected = injectedPaths(target);
  const isOurs = (key: PathKey): boolean => injected.has(key) || mountPoints.some((point) => isBelow(key, point));
  for (const unit of plan.units) {
    if (typeof unit === 'string') {
      yield* passes.each([unit]);
    } else if (passes.lacks(unit.keys)) {
      const open = (): ReturnType<typeof readTree> => readTree(engine, target.containerId, unit.key, options);
      yield* passes.run({ open, wants: (key) => !isOurs(key) });
      yield* passes.each(unit.keys);
    }
  }
}

/** Two files of the same size, mode and time may be one file; only a reading of all tells. */
async function mayHoldHardLinks({ engine, target, options }: RootReading, plan: ReadingPlan): Promise<boolean> {
  const facts = await statEach(engine, target.containerId, plan.singles, options);
  const seen = new Set<string>();
  for (const { type, size, mode, mtime } of facts.values()) {
    if (type !== 'file' || size === 0) continue;
    const looks = `${size} ${mode} ${mtime.getTime()}`;
    if (seen.has(looks)) return true;
    seen.add(looks);
  }
  return false;
}

function presentKeys(changes: readonly (KeyedChange | MountChange)[]): PathKey[] {
  return changes.filter((change) => change.kind !== 'deleted').map((change) => change.key);
}
