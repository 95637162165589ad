import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { convertConnectionError } from './errors.ts';

/**
 * An answer of the Engine: its head, and its body as it comes. Iterate the body to its end or call
 * `discard`; leaving the iteration early closes the connection.
 */
export class EngineResponse implements AsyncIterable<Uint8Array> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly #message: IncomingMessage;
  readonly #signal: AbortSignal | undefined;

  constructor(message: IncomingMessage, signal: AbortSignal | undefined) {
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    this.#message = message;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#message;
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw convertConnectionError(error);
    }
  }

  /** The whole body as text, for answers whose size the Engine bounds. */
  async text(): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Closes the connection without reading the rest. May be called at any time, also twice. */
  discard(): void {
    this.#message.destroy();
  }
}
