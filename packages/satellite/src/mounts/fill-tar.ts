import { createReadStream } from 'node:fs';
import { encodeTarHeader, type TarType, tarEnd, tarPadding } from '@boatload/engine';
import type { Owner } from '../image/resolve-owner.ts';
import type { StagedEntry } from '../unpack/staged-entry.ts';

/** One mount and what is to lie in it. */
export interface Filling {
  /** Absolute path of the mount in the container. */
  readonly path: string;
  readonly entries: AsyncIterable<StagedEntry>;
}

/**
 * One tar, to be unpacked at /, that fills mounts. All in it belongs to the container's user, the mounts' own
 * directories too, so that a user other than root can write there.
 */
export async function* encodeFillings(
  fillings: readonly Filling[],
  owner: Owner,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { path, entries } of fillings) {
    const root = Buffer.from(path.replace(/^\/+|\/+$/g, ''), 'utf8');
    yield encodeTarHeader({ path: root, type: 'directory', mode: 0o755, ...owner, size: 0, mtime: new Date() });
    for await (const entry of entries) yield* encodeEntry(root, entry, owner);
  }
  yield tarEnd;
}

/** A file of this machine as an entry. */
export function fileEntry(
  file: string,
  options: { readonly path: string; readonly size: number; readonly mode: number },
): StagedEntry {
  return {
    path: Buffer.from(options.path, 'utf8'),
    type: 'file',
    mode: options.mode,
    size: options.size,
    mtime: new Date(),
    body: readWhole(file),
  };
}

async function* readWhole(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* createReadStream(file, { highWaterMark: 262_144 });
}

async function* encodeEntry(
  root: Buffer,
  entry: StagedEntry,
  owner: Owner,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { type, mode, size, mtime } = entry;
  const linkPath = linkPathIn(root, type, entry.linkPath);
  const header = { path: below(root, entry.path), type, mode, ...owner, size, mtime };
  yield encodeTarHeader(linkPath === undefined ? header : { ...header, linkPath });
  if (type !== 'file') return;
  yield* entry.body;
  yield tarPadding(size);
}

/** A hard link names its partner from the tar's root, a symbolic link is what it is. */
function linkPathIn(root: Buffer, type: TarType, linkPath: Uint8Array | undefined): Uint8Array | undefined {
  return linkPath !== undefined && type === 'link' ? below(root, linkPath) : linkPath;
}

function below(root: Buffer, path: Uint8Array): Buffer {
  return Buffer.concat([root, Buffer.from('/'), path]);
}
