import { decodeTar, type Engine, exportContainer, getArchive, type ReadOptions, type TarEntry } from '@boatload/engine';
import { joinPath, type PathKey, toBytes, toPathKey } from './container-path.ts';

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

function place(entry: TarEntry, directory: PathKey): TreeEntry {
  const linkKey = entry.type === 'link' ? below(directory, entry.linkPath ?? Buffer.alloc(0)) : undefined;
  return { key: below(directory, entry.path), entry, linkKey };
}

function below(directory: PathKey, path: Uint8Array): PathKey {
  const relative = toPathKey(path);
  if (relative === '/') return directory;
  return directory === '/' ? relative : `${directory}${relative}`;
}
