import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { BoatLoadError } from '@boatload/contract';
import type { FetchRequest } from './port.ts';
import type { OpenedContent, ResumeTag } from './schemes/scheme.ts';
import { showUrl } from './shown-url.ts';
import { TryFault } from './try-fault.ts';

/** Bytes that room is asked for at a time while nobody knows how much will come. */
const reserveStep = 4 * 1_048_576;

/** The file that a fetch makes, over all of its tries. */
export class Transfer {
  readonly #request: FetchRequest;
  #handle: FileHandle | undefined;
  #isMade = false;
  #hash: Hash = createHash('sha256');
  #tag: ResumeTag | undefined;
  #reserved = 0;
  /** Bytes in the file. */
  size = 0;
  /** Bytes in the file when it was largest. */
  best = 0;
  /** What was announced last. */
  total: number | undefined;

  constructor(request: FetchRequest) {
    this.#request = request;
  }

  /** Where the next try may go on; undefined if it has to begin anew. */
  get resume(): { readonly offset: number; readonly tag: ResumeTag } | undefined {
    return this.size > 0 && this.#tag !== undefined ? { offset: this.size, tag: this.#tag } : undefined;
  }

  /** Gets ready for what a try brings. @throws fetch_too_large */
  async begin(content: OpenedContent): Promise<void> {
    if (
      content.start !== 0 &&
      content.total !== undefined &&
      this.total !== undefined &&
      content.total !== this.total
    ) {
      throw new TryFault('its length changed between two parts', { startOver: true });
    }
    if (content.start === 0) await this.#empty();
    this.#tag = content.resumeTag;
    this.total = content.total ?? (content.start === 0 ? undefined : this.total);
    if (this.total !== undefined && this.total > this.#request.limitBytes) throw this.#tooLarge();
    this.#handle ??= await writing(this.#request, open(this.#request.file, 'wx', 0o600));
    this.#isMade = true;
    this.#request.onProgress?.(this.size, this.total);
    if (this.total !== undefined) await this.#makeRoom(this.total);
  }

  /** @throws fetch_too_large; what reserving throws */
  async write(chunk: Uint8Array): Promise<void> {
    const end = this.size + chunk.length;
    if (end > this.#request.limitBytes) throw this.#tooLarge();
    if (end > this.#reserved) await this.#makeRoom(Math.min(end + reserveStep, this.#request.limitBytes));
    this.#hash.update(chunk);
    await writing(this.#request, writeAll(this.#handle, chunk, this.size));
    this.size = end;
    this.best = Math.max(this.best, end);
    this.#request.onProgress?.(this.size, this.total);
  }

  /** The next try begins with the first byte. */
  startOver(): void {
    this.#tag = undefined;
  }

  /** SHA-256 of what came, in hexadecimal. @throws digest_mismatch */
  async finish(): Promise<string> {
    await this.#handle?.close();
    this.#handle = undefined;
    const sha256 = this.#hash.digest('hex');
    const wanted = this.#request.sha256?.toLowerCase();
    if (wanted === undefined || wanted === sha256) return sha256;
    throw new BoatLoadError(
      'digest_mismatch',
      `${showUrl(this.#request.url)} delivered other content than its sha256 promises: it has ${sha256}, wanted was ${wanted}. Check the URL, or correct the sha256.`,
    );
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
    if (this.#isMade) await rm(this.#request.file, { force: true });
  }

  async #empty(): Promise<void> {
    this.#hash = createHash('sha256');
    this.size = 0;
    await this.#handle?.truncate(0);
  }

  async #makeRoom(bytes: number): Promise<void> {
    const more = bytes - this.#reserved;
    if (more <= 0) return;
    await this.#request.reserve?.(more);
    this.#reserved = bytes;
  }

  #tooLarge(): BoatLoadError {
    const { url, limitBytes } = this.#request;
    return new BoatLoadError(
      'fetch_too_large',
      `${showUrl(url)} delivers more than the limit of ${limitBytes} bytes: fetch less, or ask the operator for more.`,
    );
  }
}

async function writeAll(handle: FileHandle | undefined, chunk: Uint8Array, position: number): Promise<void> {
  if (handle === undefined) return;
  let done = 0;
  while (done < chunk.length) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

/** What the node's disk refuses is nobody else's fault, and another try would not help. */
async function writing<T>({ url }: FetchRequest, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const reason = full ? "the node's disk is full: free some space on it" : `the node cannot write its file (${code})`;
    throw new BoatLoadError('fetch_failed', `${showUrl(url)} could not be fetched: ${reason}.`, { cause: error });
  }
}
