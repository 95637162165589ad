import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** Decompresses gzip, of one part or several. @throws zlib's errors */
export async function* gunzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = createGunzip({ chunkSize: 131_072 });
  const fed = pipeline(bytes, stream);
  // Reported by the stream too, to who reads it.
  fed.catch(() => undefined);
  try {
    yield* stream;
  } finally {
    stream.destroy();
    await fed.catch(() => undefined);
  }
}
