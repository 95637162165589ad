import { isUtf8 } from 'node:buffer';
import { decodeTar, type Engine, exportContainer, getArchive, type ReadOptions, type TarEntry } from '@boatload/engine';
import { joinPath, nameOf, type PathKey, parentOf, toBytes, toPathKey } from './container-path.ts';

/** Something in a container, met while reading all that lies below a directory. */
export interface TreeEntry {
  readonly key: PathKey;
  readonly entry: TarEntry;
  /** For a hard link: the path, met before, that it is another name of. */
  readonly linkKey: PathKey | undefined;
}

/**
 * Reads a directory and all below it, volumes included, a directory before what lies in it. Sockets are
 * missing, since tar has no place for them. Bodies that are not read still pass through: the Engine cannot
 * leave them out.
 * @throws file_not_found; archive_invalid when a file became shorter while the Engine read it
 */
export async function* readTree(
  engine: Engine,
  containerId: string,
  directory: PathKey,
  options: ReadOptions,
): AsyncGenerator<TreeEntry, void, undefined> {
  const path = toBytes(joinPath(directory, '.'));
  const response = await getArchive(engine, containerId, path, options);
  for await (const entry of decodeTar(response)) yield place(entry, directory);
}

/**
 * Reads the container's own file system, without what lies in volumes. Otherwise as `readTree`, but other
 * calls for the container need not wait.
 */
export async function* readWholeTree(
  engine: Engine,
  containerId: string,
  options: ReadOptions,
): AsyncGenerator<TreeEntry, void, undefined> {
  const response = await exportContainer(engine, containerId, options);
  for await (const entry of decodeTar(response)) yield place(entry, '/');
}

/**
 * Reads what is at one path: of a directory only itself. Nothing comes for a socket, and for a name that is
 * not UTF-8 if it is no longer there. A hard link comes as the file that it is.
 * @throws file_not_found; archive_invalid when a file became shorter while the Engine read it
 */
export async function* readOne(
  engine: Engine,
  containerId: string,
  key: PathKey,
  options: ReadOptions,
): AsyncGenerator<TreeEntry, void, undefined> {
  if (isUtf8(toBytes(nameOf(key)))) {
    for await (const entry of decodeTar(await getArchive(engine, containerId, toBytes(key), options))) {
      yield { key, entry, linkKey: undefined };
      if (entry.type === 'directory') return;
    }
    return;
  }
  // Asked for by its name, such a file does not come: the Engine passes the name on as JSON. (20.10, moby's chrootarchive)
  for await (const found of readTree(engine, containerId, parentOf(key), options)) {
    if (found.key !== key) continue;
    if (found.linkKey === undefined) yield found;
    else yield* readOther(engine, containerId, { key, other: found.linkKey }, options);
    return;
  }
}

async function* readOther(
  engine: Engine,
  containerId: string,
  names: { readonly key: PathKey; readonly other: PathKey },
  options: ReadOptions,
): AsyncGenerator<TreeEntry, void, undefined> {
  for await (const found of readOne(engine, containerId, names.other, options)) yield { ...found, key: names.key };
}

function place(entry: TarEntry, directory: PathKey): TreeEntry {
  const linkKey = entry.type === 'link' ? below(directory, entry.linkPath ?? Buffer.alloc(0)) : undefined;
  return { key: below(directory, entry.path), entry, linkKey };
}

function below(directory: PathKey, path: Uint8Array): PathKey {
  const relative = toPathKey(path);
  if (relative === '/') return directory;
  return directory === '/' ? relative : `${directory}${relative}`;
}
