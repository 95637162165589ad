import { chmod, chown, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Owner } from '../image/resolve-owner.ts';
import type { MountRecord, ViewLayers } from '../state/attempt-record.ts';
import { workDirectoryOf } from './view-volume.ts';

export interface ViewContents {
  /** Whom the views belong to. */
  readonly owner: Owner;
  /** The script: where it lies now (absolute path), and its name in the view. */
  readonly script: { readonly file: string; readonly name: string } | undefined;
}

/** Makes the directories of an attempt's views; the lower ones of data from the cache are there already. */
export async function makeViews(mounts: readonly MountRecord[], { owner, script }: ViewContents): Promise<void> {
  for (const { kind, view } of mounts) {
    if (view === undefined) continue;
    await makeLayers(view, owner);
    if (kind === 'script' && script !== undefined) await placeScript(join(view.lower, script.name), script.file, owner);
  }
}

async function makeLayers(layers: ViewLayers, { uid, gid }: Owner): Promise<void> {
  const home = dirname(layers.upper);
  // What the cache has is never made here: were it gone, the container would run without its data, and not tell.
  const own = [layers.lower, layers.upper, workDirectoryOf(layers)].filter((path) => dirname(path) === home);
  for (const directory of own) await mkdir(directory, { recursive: true });
  // An overlay shows its upper directory's owner and mode as those of the whole.
  await chown(layers.upper, uid, gid);
  await chmod(layers.upper, 0o755);
}

async function placeScript(path: string, file: string, { uid, gid }: Owner): Promise<void> {
  await copyFile(file, path);
  await chown(path, uid, gid);
  await chmod(path, 0o755);
}
