import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What comes out of a stream that bytes are fed to. @throws what either side fails with */
export async function* pipeThrough(
  bytes: AsyncIterable<Uint8Array>,
  stream: Duplex,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fed = pipeline(bytes, stream);
  // Who reads the stream hears of it too.
  fed.catch(() => undefined);
  try {
    yield* stream;
  } finally {
    stream.destroy();
    await fed.catch(() => undefined);
  }
}
