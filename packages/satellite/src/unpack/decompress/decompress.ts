import { BoatLoadError, isAbort } from '@boatload/contract';
import type { UnpackOptions } from '../unpack-archive.ts';
import { brokenCompression } from './broken-compression.ts';
import { decompressGzip } from './decompress-gzip.ts';
import { decompressZstd } from './decompress-zstd.ts';
import { readFileChunks } from './read-file-chunks.ts';
import { decompressXz } from './xz/decompress-xz.ts';

export type TarKind = 'tar' | 'tar.gz' | 'tar.zst' | 'tar.xz';

type Decompress = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

const decompressors: Readonly<Record<TarKind, Decompress | undefined>> = {
  tar: undefined,
  'tar.gz': decompressGzip,
  'tar.xz': decompressXz,
  'tar.zst': decompressZstd,
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
    throw brokenCompression(reason, cause);
  }
}
