import { stat } from 'node:fs/promises';
import { BoatLoadError } from '@boatload/contract';
import type { Owner } from '../../image/resolve-owner.ts';
import type { StagingLimits } from '../../staging/limits.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { ArchiveGuard } from '../archive-guard.ts';
import type { ArchiveKind } from '../archive-kind.ts';
import { unpackArchive } from '../unpack-archive.ts';
import { TreeWriter, type TreeWriterOptions } from './tree-writer.ts';

export interface MakeTreeInput {
  /** Absolute path of what was fetched. */
  readonly file: string;
  /** What it is; undefined makes a tree of one file. */
  readonly archive: ArchiveKind | undefined;
  /** Name of that one file: a single component of a path. Not used for archives. */
  readonly fileName: string;
  /** Absolute path of the tree; must not exist, its parent must. */
  readonly directory: string;
  /** Whom everything in the tree, and its own directory, belongs to. */
  readonly owner: Owner;
  readonly limits: StagingLimits;
  /** Told often how many bytes of the file have been read, of how many. */
  readonly onProgress: (done: number, total: number) => void;
  /** Asked for space on the disk, in bytes, at least 16 MiB at a time, before it is written to; what it throws ends the work. */
  readonly reserve: (bytes: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What a tree takes. */
export interface TreeSize {
  /** On the disk, at the most. */
  readonly bytes: number;
  /** Files, directories and links, without the tree's own directory. */
  readonly entries: number;
}

/**
 * Makes a directory of what is in an archive, or of one file. Nothing outside of it is touched; if it cannot be
 * completed, it is removed again.
 * @throws archive_unsafe, archive_too_large, archive_invalid; resources_unavailable when the disk is full; what
 * `reserve` threw; the signal's reason
 */
export async function makeTree(input: MakeTreeInput): Promise<TreeSize> {
  return await writeTree(input, async (writer) => {
    const { size, mtime } = await stat(input.file);
    const onBytes = countProgress(size, input.onProgress);
    if (input.archive === undefined) {
      const path = checkFileName(input.fileName);
      await writer.copy({ from: Buffer.from(input.file), path, mode: 0o644, size, mtime, onBytes });
      return;
    }
    const guard = new ArchiveGuard(input.limits, size);
    const archive = { file: input.file, kind: input.archive };
    for await (const entry of unpackArchive(archive, guard, { onBytes, signal: input.signal })) {
      await writer.place(entry);
    }
  });
}

/** Runs `fill` on the writer of a new tree; the tree is whole when this returns, and gone when it throws. */
export async function writeTree(
  options: TreeWriterOptions,
  fill: (writer: TreeWriter) => Promise<void>,
): Promise<TreeSize> {
  const writer = new TreeWriter(options);
  await writer.begin();
  try {
    await fill(writer);
    await writer.finish();
    return { bytes: writer.bytes, entries: writer.entries };
  } catch (error) {
    await writer.settle();
    await removeTree(options.directory);
    throw error;
  }
}

function countProgress(total: number, onProgress: MakeTreeInput['onProgress']): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done = Math.min(total, done + bytes);
    onProgress(done, total);
  };
}

function checkFileName(fileName: string): Buffer {
  const name = Buffer.from(fileName, 'utf8');
  if (name.length === 0 || name.length > 255 || fileName === '.' || fileName === '..' || /[/\0]/.test(fileName)) {
    throw new BoatLoadError('internal', `A tree of one file cannot name it ${JSON.stringify(fileName)}.`);
  }
  return name;
}
