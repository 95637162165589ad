import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { BoatLoadError } from '@boatload/contract';
import { decodeTar } from '@boatload/engine';
import type { ArchiveGuard } from './archive-guard.ts';
import { stagedDirectory } from './staged-directory.ts';
import type { StagedEntry } from './staged-entry.ts';

/**
 * The entries of a tar archive, as the guard lets them through.
 * @throws archive_unsafe, archive_too_large, archive_invalid
 */
export async function* unpackTar(
  file: string,
  guard: ArchiveGuard,
  options: { readonly gzip: boolean },
): AsyncGenerator<StagedEntry, void, undefined> {
  const bytes = options.gzip ? guard.measure(gunzipFile(file)) : createReadStream(file);
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

async function* gunzipFile(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  const source = createReadStream(file, { highWaterMark: 262_144 });
  const gunzip = createGunzip({ chunkSize: 65_536 });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BoatLoadError('archive_invalid', `The archive cannot be decompressed: ${reason}. Pack it again.`, {
      field: 'data',
      cause,
    });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
