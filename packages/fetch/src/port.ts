import type { CallOptions } from '@boatload/contract';

/**
 * What is remembered of a fetch, so that the next one of the same URL can do with less: validators, how long the
 * content counts as fresh. Plain JSON that only this package reads.
 */
export type FetchMemory = Readonly<Record<string, unknown>>;

export interface FetchRequest extends CallOptions {
  readonly url: string;
  /** Absolute path of the file to be made; it must not exist. A failed fetch leaves none. */
  readonly file: string;
  /** Bytes; more than that is refused. */
  readonly limitBytes: number;
  /** SHA-256 that the content must have, in hexadecimal. Default: any. */
  readonly sha256?: string;
  /** From an earlier fetch of this URL whose content is still there: if it is still the same, nothing is transferred. */
  readonly memory?: FetchMemory;
  /** Told often how far it is, in bytes; `total` is what the server announced. A fetch that starts over says so by a smaller `done`. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
  /** Asked for room before bytes are written, ahead of them; what it throws ends the fetch. Default: there is room. */
  readonly reserve?: (bytes: number) => Promise<void>;
}

export type FetchOutcome =
  | {
      readonly kind: 'fetched';
      /** Bytes. */
      readonly size: number;
      /** In hexadecimal. */
      readonly sha256: string;
      /** What the server or the URL calls it. */
      readonly fileName?: string;
      /** Absent: the content must not serve another fetch. */
      readonly memory?: FetchMemory;
    }
  /** No file was made. */
  | { readonly kind: 'unchanged'; readonly memory: FetchMemory };

/** Brings what URLs name to files, as far as the operator's policy allows. */
export interface Fetcher extends AsyncDisposable {
  /**
   * @throws fetch_failed, fetch_refused, fetch_too_large, digest_mismatch
   */
  fetch(request: FetchRequest): Promise<FetchOutcome>;

  /** Whether the content of an earlier fetch may be used again without asking its server. */
  isFresh(url: string, memory: FetchMemory): boolean;
}
