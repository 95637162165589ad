import type { Readable } from 'node:stream';

const mostHeld = 1_048_576;
/** What a chunk counts for at least: those of single bytes take more than that. */
const leastWeight = 256;

/**
 * A stream's chunks, taken from it as soon as they are there: a stream that breaks drops what it holds, and a
 * connection that breaks again and again would bring nothing. At most 1 MiB waits for the reader.
 */
export function readEagerly(stream: Readable): AsyncIterable<Uint8Array> {
  const queue = new ChunkQueue(stream);
  return { [Symbol.asyncIterator]: () => drain(queue, stream) };
}

async function* drain(queue: ChunkQueue, stream: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      const chunk = await queue.take();
      if (chunk === undefined) return;
      yield chunk;
    }
  } finally {
    stream.destroy();
  }
}

class ChunkQueue {
  readonly #stream: Readable;
  readonly #chunks: Uint8Array[] = [];
  #held = 0;
  #end: { readonly error?: Error } | undefined;
  #wake: () => void = () => undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.once('end', () => this.#close({}));
    stream.on('error', (error) => this.#close({ error }));
    stream.once('close', () => this.#close({ error: new Error('the connection was closed before all had come') }));
    stream.on('data', (chunk: Uint8Array) => this.#put(chunk));
  }

  /** The next chunk; undefined at the end. @throws what broke the stream, once everything before it was taken */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#chunks.shift();
    if (chunk === undefined) {
      if (this.#end?.error !== undefined) throw this.#end.error;
      return undefined;
    }
    this.#held -= weigh(chunk);
    if (this.#held < mostHeld / 2 && this.#stream.isPaused()) this.#stream.resume();
    return chunk;
  }

  #put(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#held += weigh(chunk);
    if (this.#held >= mostHeld) this.#stream.pause();
    this.#wake();
  }

  #close(end: { readonly error?: Error }): void {
    this.#end ??= end;
    this.#wake();
  }
}

function weigh(chunk: Uint8Array): number {
  return Math.max(chunk.length, leastWeight);
}
