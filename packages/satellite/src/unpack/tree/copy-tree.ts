import { readlink } from 'node:fs/promises';
import { BoatLoadError } from '@boatload/contract';
import type { Owner } from '../../image/resolve-owner.ts';
import { emptyBody } from '../staged-directory.ts';
import { type TreeSize, writeTree } from './make-tree.ts';
import type { TreeWriter } from './tree-writer.ts';
import { type WalkedEntry, walkTree } from './walk-tree.ts';

export interface CopyTreeInput {
  /** Absolute path of a tree that nobody changes meanwhile. */
  readonly from: string;
  /** Absolute path of the copy; must not exist, its parent must. */
  readonly to: string;
  /** Whom everything in the copy belongs to. */
  readonly owner: Owner;
  /** As for making a tree. */
  readonly reserve: (bytes: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Copies a tree for another owner: modes, times and hard links within it are kept; blocks are shared where the
 * file system can do that. If it cannot be completed, it is removed again.
 * @throws resources_unavailable when the disk is full; what `reserve` threw; the signal's reason
 */
export async function copyTree({ from, to, ...options }: CopyTreeInput): Promise<TreeSize> {
  return await writeTree({ directory: to, ...options }, async (writer) => {
    const names = new LinkedNames();
    for await (const entry of walkTree(from)) await copyEntry(writer, entry, names);
  });
}

async function copyEntry(writer: TreeWriter, entry: WalkedEntry, names: LinkedNames): Promise<void> {
  const { path, place, stats } = entry;
  const facts = { path, mode: stats.mode & 0o777, size: 0, mtime: stats.mtime, body: emptyBody() };
  if (stats.isDirectory()) return await writer.place({ ...facts, type: 'directory' });
  const linkPath = names.note(entry);
  if (linkPath !== undefined) return await writer.place({ ...facts, type: 'link', linkPath });
  if (stats.isFile()) return await writer.copy({ ...facts, from: place, size: stats.size });
  if (stats.isSymbolicLink()) {
    const target = await readlink(place, { encoding: 'buffer' });
    return await writer.place({ ...facts, type: 'symlink', linkPath: target });
  }
  throw new BoatLoadError('internal', 'A tree of the cache has something that is neither file, directory nor link.');
}

/** Remembers the first name of what has several, until all were seen. */
class LinkedNames {
  readonly #known = new Map<number, { readonly path: Buffer; left: number }>();

  /** @returns the name under which it was seen before */
  note({ path, stats }: WalkedEntry): Buffer | undefined {
    if (stats.nlink < 2) return undefined;
    const known = this.#known.get(stats.ino);
    if (known === undefined) {
      this.#known.set(stats.ino, { path, left: stats.nlink - 1 });
      return undefined;
    }
    known.left -= 1;
    if (known.left === 0) this.#known.delete(stats.ino);
    return known.path;
  }
}
