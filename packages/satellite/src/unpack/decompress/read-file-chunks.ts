import { createReadStream } from 'node:fs';
import type { UnpackOptions } from '../unpack-archive.ts';

const chunkBytes = 262_144;

/** A file's bytes in chunks, each a buffer of its own, counted when they are handed on. */
export async function* readFileChunks(
  file: string,
  { onBytes, signal }: UnpackOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const source = createReadStream(file, { highWaterMark: chunkBytes, ...(signal === undefined ? {} : { signal }) });
  for await (const chunk of source) {
    const bytes: Buffer = chunk;
    onBytes?.(bytes.length);
    yield bytes;
  }
}
