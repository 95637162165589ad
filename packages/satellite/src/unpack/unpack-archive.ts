import type { ArchiveGuard } from './archive-guard.ts';
import type { ArchiveKind } from './archive-kind.ts';
import type { StagedEntry } from './staged-entry.ts';
import { unpackTar } from './unpack-tar.ts';
import { unpackZip } from './unpack-zip.ts';

export interface UnpackOptions {
  /** Told how many more bytes of the archive have been read. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The entries of an archive, as the guard lets them through. A body must be read before the next entry is asked for.
 * @throws archive_unsafe, archive_too_large, archive_invalid
 */
export function unpackArchive(
  archive: { readonly file: string; readonly kind: ArchiveKind },
  guard: ArchiveGuard,
  options: UnpackOptions = {},
): AsyncGenerator<StagedEntry, void, undefined> {
  const { file, kind } = archive;
  return kind === 'zip' ? unpackZip(file, guard, options) : unpackTar({ file, kind }, guard, options);
}
