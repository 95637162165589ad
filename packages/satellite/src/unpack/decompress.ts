import { BoatLoadError, isAbort } from '@boatload/contract';
import type { ArchiveKind } from './archive-kind.ts';
import { gunzip } from './gunzip.ts';
import { readFileChunks } from './read-file-chunks.ts';
import type { UnpackOptions } from './unpack-archive.ts';

export type TarKind = Exclude<ArchiveKind, 'zip'>;

type Decompress = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

const decompressors: Readonly<Record<TarKind, Decompress | undefined>> = {
  tar: undefined,
  'tar.gz': gunzip,
};

/**
 * The tar in a file, decompressed as it is read. Chunks are not used again by who made them.
 * @throws archive_invalid; archive_too_large when decompressing would take too much memory
 */
export async function* decompressFile(
  archive: { readonly file: string; readonly kind: TarKind },
  options: UnpackOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = readFileChunks(archive.file, options);
  const decompress = decompressors[archive.kind];
  if (decompress === undefined) return yield* bytes;
  try {
    yield* decompress(bytes);
  } catch (cause) {
    if (cause instanceof BoatLoadError || isAbort(cause)) throw cause;
    options.signal?.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BoatLoadError('archive_invalid', `The archive cannot be decompressed: ${reason}. Pack it again.`, {
      field: 'data',
      cause,
    });
  }
}
