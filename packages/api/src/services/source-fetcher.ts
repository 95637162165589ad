import { BoatLoadError, type Source } from '@boatload/contract';
import type { Fetcher, FetchRequest } from '@boatload/fetch';
import type { BlobLease, BlobStore } from '../blobs/blob-store.ts';
import type { ServiceLimits } from '../config.ts';
import { Slots } from '../slots.ts';
import type { FetchedBlob, FetchedPart, StoredContainer } from '../store/records.ts';
import type { ContainerStore } from '../store/store.ts';

export interface SourceFetcherOptions {
  readonly fetcher: Fetcher;
  readonly blobs: Pick<BlobStore, 'keep'>;
  readonly containers: Pick<ContainerStore, 'keepFetched'>;
  readonly limits: ServiceLimits;
  /** How many fetches may go on at once; the others wait for their turn. Default 16. */
  readonly fetchesAtOnce?: number;
}

export interface CompleteOptions {
  readonly signal: AbortSignal;
  /** Told often how far a part is, in bytes; `total` is undefined while unknown. */
  readonly onProgress: (part: FetchedPart, done: number, total: number | undefined) => void;
}

type UrlSource = Extract<Source, { kind: 'url' }>;
type Listener = (done: number, total: number | undefined) => void;

interface Landed {
  readonly lease: BlobLease;
  readonly fileName?: string;
}

/** A fetch under way, for all who want the same at that moment. */
interface Flight {
  readonly result: Promise<Landed>;
  readonly abort: AbortController;
  readonly listeners: Map<symbol, Listener>;
}

const parts: readonly FetchedPart[] = ['script', 'data'];

/** Which parts of a container the API has still to fetch for its node. */
export function missingParts({ submission, fetched }: StoredContainer): readonly FetchedPart[] {
  if (submission.fetch !== 'api') return [];
  return parts.filter((part) => submission[part]?.kind === 'url' && fetched[part] === undefined);
}

/** Fetches into the blob store what nodes cannot reach. What several containers want at one moment is fetched once. */
export class SourceFetcher {
  readonly #options: SourceFetcherOptions;
  readonly #flights = new Map<string, Flight>();
  /** Every fetch holds connections and writes to the one disk that uploads and the store are on, too. */
  readonly #turns: Slots;

  constructor(options: SourceFetcherOptions) {
    this.#options = options;
    this.#turns = new Slots(options.fetchesAtOnce ?? 16);
  }

  /**
   * Fetches what is missing, and keeps it as the container's.
   * @returns the container with all that is to be fetched
   * @throws fetch_failed, fetch_refused, fetch_too_large, digest_mismatch; conflict when it is being removed
   */
  async complete(container: StoredContainer, { signal, onProgress }: CompleteOptions): Promise<StoredContainer> {
    let complete = container;
    for (const part of missingParts(container)) {
      const source = container.submission[part];
      if (source?.kind !== 'url') continue;
      const onPart: Listener = (done, total) => onProgress(part, done, total);
      complete = await this.#bring(source, { part, signal, onProgress: onPart }, (blob) =>
        this.#keep(container.id, part, blob),
      );
    }
    return complete;
  }

  async #keep(id: string, part: FetchedPart, blob: FetchedBlob): Promise<StoredContainer> {
    const kept = await this.#options.containers.keepFetched(id, part, blob);
    if (kept !== undefined) return kept;
    throw new BoatLoadError('conflict', `Container ${id} is being removed: what was fetched for it is not kept.`);
  }

  /** The blob stays at least until `use` has ended. */
  async #bring<T>(
    source: UrlSource,
    { part, signal, onProgress }: { part: FetchedPart; signal: AbortSignal; onProgress: Listener },
    use: (blob: FetchedBlob) => Promise<T>,
  ): Promise<T> {
    const flight = this.#join(source, part);
    const passenger = Symbol();
    flight.listeners.set(passenger, onProgress);
    try {
      const { lease, fileName } = await unlessAborted(flight.result, signal);
      const { digest, size } = lease;
      onProgress(size, size);
      return await use({ digest, size, ...(fileName === undefined ? {} : { fileName }) });
    } finally {
      flight.listeners.delete(passenger);
      if (flight.listeners.size === 0) await this.#end(flight);
    }
  }

  #join({ url, sha256 }: UrlSource, part: FetchedPart): Flight {
    const key = JSON.stringify([part, url, sha256]);
    const known = this.#flights.get(key);
    if (known !== undefined && !known.abort.signal.aborted) return known;
    const abort = new AbortController();
    const listeners: Flight['listeners'] = new Map();
    const onProgress: Listener = (done, total) => {
      for (const listener of listeners.values()) listener(done, total);
    };
    const { scriptBytes, dataBytes } = this.#options.limits;
    const limitBytes = part === 'script' ? scriptBytes : dataBytes;
    const digest = sha256 === undefined ? {} : { sha256 };
    const request = { url, limitBytes, onProgress, signal: abort.signal, ...digest };
    const result = this.#turns.run(() => this.#fetch(request), abort.signal);
    const flight = { result, abort, listeners };
    this.#flights.set(key, flight);
    // Whoever asks later may get newer content; so the next one is fetched anew.
    const land = (): unknown => this.#flights.get(key) === flight && this.#flights.delete(key);
    result.then(land, land);
    return flight;
  }

  async #fetch(request: Omit<FetchRequest, 'file'>): Promise<Landed> {
    let fileName: string | undefined;
    const lease = await this.#options.blobs.keep(async (file) => {
      const outcome = await this.#options.fetcher.fetch({ ...request, file }).catch(blameOwnDisk);
      if (outcome.kind !== 'fetched') {
        throw new BoatLoadError('fetch_failed', 'The server said that its content had not changed, unasked.');
      }
      fileName = outcome.fileName;
      return { digest: outcome.sha256.toLowerCase(), size: outcome.size };
    });
    return { lease, ...(fileName === undefined ? {} : { fileName }) };
  }

  /** Nobody wants it any more: what is not fetched yet is given up, what is goes unless it was kept. */
  async #end({ abort, result }: Flight): Promise<void> {
    abort.abort();
    const landed = await result.catch(() => undefined);
    await landed?.lease.release();
  }
}

/** The fetcher takes the disk that it writes to for a node's; who looks for room there looks in vain. */
function blameOwnDisk(error: unknown): never {
  const cause = error instanceof BoatLoadError ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
  const text =
    'What fetch: api asks for does not fit on the disk of the service itself: make room in its data directory, or let the node fetch it, if it can reach the URL.';
  throw new BoatLoadError('fetch_failed', text, { cause });
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
