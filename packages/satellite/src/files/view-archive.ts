import type { Stats } from 'node:fs';
import { encodeTarHeader, type ReadOptions, type TarHeader, tarPadding } from '@boatload/engine';
import { skipsIn } from '../changes/mount-changes.ts';
import { readViewChanges, type ViewChange, type ViewSource } from '../changes/view-changes.ts';
import type { ReadTarget, ViewLayers } from '../state/attempt-record.ts';
import { type EntryStat, typeOfStat } from '../system/entry-stat.ts';
import type { OpenFile } from '../system/open-file.ts';
import { type PathKey, relativeToRoot, textToPathKey } from './container-path.ts';
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
  const skips = skipsIn(mountPoint, target);
  for await (const change of readViewChanges(mount.view, { ...options, mountPoint, skips })) {
    options.signal?.throwIfAborted();
    const { key, source } = change;
    if (source === undefined || typeOfStat(source.stat) !== 'file') {
      const entry = encodeOther(change);
      if (entry !== undefined) yield entry;
      continue;
    }
    using file = source.directory.openFile(source.name);
    // Gone since its directory was read: then it is no change.
    if (file === undefined) continue;
    const header = hardLinks.headerOf(key, file.stat);
    if (header.size <= smallFile) yield packSmall(header, file);
    else yield* packLarge(header, file, options);
  }
}

/** Everything but a regular file. */
function encodeOther({ key, source, wasReplaced }: ViewChange): Buffer | undefined {
  // What lay in a directory that is a file now goes with it; nothing can be unpacked there.
  if (source === undefined) return wasReplaced === true ? undefined : encodeWhiteout(key);
  const header = headerOf(key, source);
  return header === undefined ? undefined : encodeTarHeader(header);
}

/** A file, or another name of one, in one piece. */
function packSmall(header: TarHeader, file: OpenFile): Buffer {
  if (header.size === 0) return encodeTarHeader(header);
  const content = file.readNow(0, header.size);
  const missing = zeros.subarray(0, header.size - content.length);
  return Buffer.concat([encodeTarHeader(header), content, missing, tarPadding(header.size)]);
}

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
  const type = typeOfStat(stat);
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

function attributesOf({ mode, uid, gid, mtimeMs }: EntryStat): Pick<TarHeader, 'mode' | 'uid' | 'gid' | 'mtime'> {
  return { mode: mode & 0o7777, uid, gid, mtime: new Date(Math.floor(mtimeMs / 1000) * 1000) };
}

/** The names under which files that have several were written first. */
class HardLinks {
  readonly #first = new Map<string, PathKey>();

  /** The header of a file; of one that is in the archive under another name, of a link to that. */
  headerOf(key: PathKey, stat: Stats): TarHeader {
    const header = { ...attributesOf(stat), path: relativeToRoot(key) };
    const first = stat.nlink < 2 ? undefined : this.#note(key, stat);
    if (first === undefined) return { ...header, type: 'file', size: stat.size };
    return { ...header, type: 'link', size: 0, linkPath: relativeToRoot(first) };
  }

  #note(key: PathKey, { dev, ino, birthtimeMs }: Stats): PathKey | undefined {
    // A number is given again once its file is gone, but not the time with it.
    const identity = `${dev} ${ino} ${birthtimeMs}`;
    const first = this.#first.get(identity);
    if (first === undefined) this.#first.set(identity, key);
    return first;
  }
}
