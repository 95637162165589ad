import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, removeVolume } from '@boatload/engine';
import type { ScratchOptions } from '../../engine/test/scratch-container.ts';
import { headerOf, inChunks, type Packed, packAll } from '../../engine/test/tar/tar-bytes.ts';
import type { ViewLayers } from '../src/state/attempt-record.ts';
import { removeTree } from '../src/state/remove-tree.ts';
import { unpackWithGnuTar } from './files/unpacked.ts';
import { bytes, makeTarget, type ScratchTarget } from './read-target.ts';
import { stage } from './staged-volume.ts';

/** How data is given to a container: as a view, or in a volume whose content before the start is recorded. */
export type StagedKind = 'view' | 'volume';
export const stagedKinds: readonly StagedKind[] = ['view', 'volume'];

export interface StagedOptions extends Omit<ScratchOptions, 'volumes' | 'beforeStart'> {
  readonly kind: StagedKind;
  /** What is in the data before the start; paths begin with `data/`. */
  readonly entries?: readonly Packed[];
  /** Mounts that lie within the data. */
  readonly inner?: readonly string[];
  /** Whom the mount's root belongs to. Default 0. */
  readonly owner?: number;
  readonly injected?: readonly string[];
}

export interface StagedTarget extends ScratchTarget {
  /** Set for a view. */
  readonly view: ViewLayers | undefined;
}

/** A container with data in /data, brought to where the test needs it. */
export async function makeStagedTarget(engine: Engine, options: StagedOptions): Promise<StagedTarget> {
  const { kind, owner = 0, entries = [], inner = [], injected = ['/data'], ...scratch } = options;
  const directory = await mkdtemp(join(tmpdir(), 'boatload-staged-'));
  const root = headerOf({ path: bytes('data'), type: 'directory', mode: 0o755, uid: owner, gid: owner });
  const all = [root, ...entries];
  const volume = `boatload-test-${randomUUID()}`;
  const baselineFile = join(directory, 'baseline');
  const view = kind === 'view' ? await makeView(engine, { directory, volume, entries: all }) : undefined;
  const clear = async (): Promise<void> => {
    await removeVolume(engine, volume);
    await removeTree(directory);
  };
  const made = await makeTarget(engine, {
    ...scratch,
    injected,
    volumes: [{ path: '/data', volume }, ...inner],
    ...(kind === 'volume'
      ? { baselineFile, beforeStart: (made) => stage(engine, made, { entries: all, baselineFile }) }
      : {}),
  }).catch(async (error: unknown) => {
    await clear();
    throw error;
  });
  const mounts = made.target.mounts.map((mount) =>
    mount.path === '/data' && view !== undefined ? { ...mount, view } : mount,
  );
  return {
    ...made,
    target: { ...made.target, mounts },
    view,
    async [Symbol.asyncDispose]() {
      await made[Symbol.asyncDispose]();
      await clear();
    },
  };
}

interface ViewInput {
  readonly directory: string;
  readonly volume: string;
  readonly entries: readonly Packed[];
}

async function makeView(engine: Engine, { directory, volume, entries }: ViewInput): Promise<ViewLayers> {
  const staged = join(directory, 'staged');
  const upper = join(directory, 'upper');
  const work = join(directory, 'work');
  await unpackWithGnuTar(inChunks(packAll(entries)), staged);
  await mkdir(upper);
  await mkdir(work);
  const lower = join(staged, 'data');
  const { mode, uid, gid } = await stat(lower);
  await chmod(upper, mode);
  await chown(upper, uid, gid);
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const DriverOpts = { type: 'overlay', device: 'overlay', o: layers };
  const json = { Name: volume, Driver: 'local', DriverOpts, Labels: { 'boatload.test': volume } };
  await engine.json({ method: 'POST', path: '/volumes/create', json });
  return { lower, upper };
}
