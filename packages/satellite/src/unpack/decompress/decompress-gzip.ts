import { createGunzip } from 'node:zlib';
import { pipeThrough } from './pipe-through.ts';

/** Decompresses gzip, of one member or several. @throws zlib's errors */
export function decompressGzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  return pipeThrough(bytes, createGunzip({ chunkSize: 131_072 }));
}
