import type { Stats } from 'node:fs';
import { encodeTarHeader, type ReadOptions, type TarHeader, tarPadding } from '@boatload/engine';
import { factsOfStats } from '../changes/compare-entries.ts';
import { skipsIn } from '../changes/mount-changes.ts';
import { readViewChanges, type ViewSource } from '../changes/view-changes.ts';
import type { ReadTarget, ViewLayers } from '../state/attempt-record.ts';
import type { OpenFile } from '../system/open-file.ts';
import { type PathKey, parentOf, relativeToRoot, textToPathKey } from './container-path.ts';
import { encodeWhiteout } from './pack-entry.ts';

/** A mount that is a view. */
export interface ViewMount {
  readonly path: string;
  readonly view: ViewLayers;
}

/** Up to this size, in bytes, a file is passed on in one piece with its header. */
const smallFile = 64 * 1024;

/**
 * Writes what changed in a view into an archive, straight from its upper directory: a directory before what was
 * deleted from it, and that before what lies in it. The archive's end is not written.
 */
export async function* packView(
  mount: ViewMount,
  target: ReadTarget,
  options: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const mountPoint = textToPathKey(mount.path);
  const hardLinks = new HardLinks();
  let notDirectory: PathKey | undefined;
  const skips = skipsIn(mountPoint, target);
  for await (const { key, source } of readViewChanges(mount.view, { ...options, mountPoint, skips })) {
    options.signal?.throwIfAborted();
    if (source === undefined) {
      // What lay in a directory that is a file now goes with it; nothing can be unpacked there.
      if (parentOf(key) !== notDirectory) yield encodeWhiteout(key);
    } else if (source.stat.isFile()) {
      notDirectory = key;
      yield* packFile(key, source, { hardLinks, options });
    } else {
      if (!source.stat.isDirectory()) notDirectory = key;
      const header = headerOf(key, source);
      if (header !== undefined) yield encodeTarHeader(header);
    }
  }
}

async function* packFile(
  key: PathKey,
  { directory, name }: ViewSource,
  { hardLinks, options }: { readonly hardLinks: HardLinks; readonly options: ReadOptions },
): AsyncGenerator<Uint8Array, void, undefined> {
  using file = directory.openFile(name);
  // Gone since its directory was read: then it is no change.
  if (file === undefined) return;
  const { stat } = file;
  const first = hardLinks.note(key, stat);
  const header = { ...attributesOf(stat), path: relativeToRoot(key), type: 'file', size: stat.size } as const;
  if (first !== undefined) yield encodeTarHeader({ ...header, type: 'link', size: 0, linkPath: relativeToRoot(first) });
  else if (stat.size <= smallFile) yield await packSmall(header, file);
  else yield* packLarge(header, file, options);
}

async function packSmall(header: TarHeader, file: OpenFile): Promise<Buffer> {
  const content = header.size === 0 ? empty : await file.read(0, header.size);
  const missing = Buffer.alloc(header.size - content.length);
  return Buffer.concat([encodeTarHeader(header), content, missing, tarPadding(header.size)]);
}

const empty = Buffer.alloc(0);
const zeros = Buffer.alloc(smallFile);

/** What is missing of a file that became shorter is filled with zeros: its size is already written. */
async function* packLarge(
  header: TarHeader,
  file: OpenFile,
  options: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield encodeTarHeader(header);
  let at = 0;
  while (at < header.size) {
    options.signal?.throwIfAborted();
    const content = await file.read(at, header.size - at);
    const chunk = content.length > 0 ? content : zeros.subarray(0, header.size - at);
    at += chunk.length;
    yield chunk;
  }
  yield tarPadding(header.size);
}

/** The header of what is no regular file; undefined for what tar has no place for, or is gone. */
function headerOf(key: PathKey, { directory, name, stat }: ViewSource): TarHeader | undefined {
  const { type } = factsOfStats(stat);
  const header = { ...attributesOf(stat), path: relativeToRoot(key), size: 0 };
  if (type === 'socket') return undefined;
  if (type === 'symlink') {
    const linkPath = directory.readLink(name);
    return linkPath === undefined ? undefined : { ...header, type, linkPath };
  }
  if (type !== 'char' && type !== 'block') return { ...header, type };
  // As Linux puts the two numbers into one.
  const [major, minor] = [(stat.rdev >>> 8) & 0xfff, (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00)];
  return { ...header, type, device: { major, minor } };
}

function attributesOf({ mode, uid, gid, mtimeMs }: Stats): Pick<TarHeader, 'mode' | 'uid' | 'gid' | 'mtime'> {
  return { mode: mode & 0o7777, uid, gid, mtime: new Date(Math.floor(mtimeMs / 1000) * 1000) };
}

/** The names under which files that have several were written first. */
class HardLinks {
  readonly #first = new Map<string, PathKey>();

  /** @returns the name under which the file is already in the archive */
  note(key: PathKey, { dev, ino, nlink, birthtimeMs }: Stats): PathKey | undefined {
    if (nlink < 2) return undefined;
    // A number is given again once its file is gone, but not the time with it.
    const identity = `${dev} ${ino} ${birthtimeMs}`;
    const first = this.#first.get(identity);
    if (first === undefined) this.#first.set(identity, key);
    return first;
  }
}
