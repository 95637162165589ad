import { decodeTar } from '@boatload/engine';
import type { ArchiveGuard } from './archive-guard.ts';
import { decompressFile, type TarKind } from './decompress/decompress.ts';
import { stagedDirectory } from './staged-directory.ts';
import type { StagedEntry } from './staged-entry.ts';
import type { UnpackOptions } from './unpack-archive.ts';

/**
 * The entries of a tar archive, as the guard lets them through.
 * @throws archive_unsafe, archive_too_large, archive_invalid
 */
export async function* unpackTar(
  archive: { readonly file: string; readonly kind: TarKind },
  guard: ArchiveGuard,
  options: UnpackOptions = {},
): AsyncGenerator<StagedEntry, void, undefined> {
  const bytes =
    archive.kind === 'tar' ? decompressFile(archive, options) : guard.measure(decompressFile(archive, options));
  for await (const entry of decodeTar(bytes)) {
    const { path: name, type, size, linkPath } = entry;
    const admitted = guard.admit({ name, type, size, ...(linkPath === undefined ? {} : { linkPath }) });
    if (admitted === undefined) continue;
    for (const path of admitted.missing) yield stagedDirectory(path, entry.mtime);
    yield {
      path: admitted.path,
      type: admitted.type,
      mode: admitted.type === 'symlink' ? 0o777 : entry.mode & 0o777,
      size: admitted.type === 'file' ? size : 0,
      mtime: entry.mtime,
      ...(admitted.linkPath === undefined ? {} : { linkPath: admitted.linkPath }),
      body: entry.body,
    };
  }
}
