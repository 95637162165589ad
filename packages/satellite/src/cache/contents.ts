import { type BlobSource, BoatLoadError, type Source } from '@boatload/contract';
import { type Fetcher, showUrl } from '@boatload/fetch';
import { SingleFlight } from '../single-flight.ts';
import { copyBlob } from './copy-blob.ts';
import type { Durability } from './durability.ts';
import type { Entries } from './entries.ts';
import type { Entry, EntryUse } from './entry.ts';
import type { EntryFiles } from './entry-files.ts';
import { fetchUrl } from './fetch-url.ts';
import type { CacheWish } from './port.ts';
import type { Quota } from './quota.ts';
import { type UrlRecord, type UrlRecords, urlKey } from './url-records.ts';

/** The rooms of one cache. */
export interface CacheParts {
  readonly files: EntryFiles;
  readonly entries: Entries;
  readonly urls: UrlRecords;
  readonly quota: Quota;
  readonly durability: Durability;
  readonly fetcher: Fetcher;
  readonly blobs: BlobSource;
  readonly boot: string;
}

/** Content that is there, in use until disposed of. */
export interface Content extends EntryUse {
  /** What the server or the URL calls it. */
  readonly fileName: string | undefined;
  /** Whether what is made of it stays after its last holder. */
  readonly stays: boolean;
}

/** An entry from which what is wanted of a content can be had without fetching it. */
export type Find = (sha256: string) => Entry | undefined;

export interface Transfer {
  readonly done: number;
  readonly total: number | undefined;
}

/** What a transfer brought; without `use` the content that was known is still the right one. */
export interface Brought {
  readonly use: EntryUse | undefined;
  readonly fileName: string | undefined;
}

/** Brings content to the node, each but once however many want it. */
export class Contents {
  readonly #parts: CacheParts;
  readonly #transfers = new SingleFlight<Brought, Transfer>(({ use }) => use?.[Symbol.dispose]());

  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  async bring(source: Source, find: Find, wish: CacheWish): Promise<Content> {
    if (source.kind === 'blob') return await this.#bringBlob(source, find, wish);
    return await this.#bringUrl(source, find, wish);
  }

  /** Ends all transfers. */
  async abort(reason: unknown): Promise<void> {
    await this.#transfers.abort(reason);
  }

  async #bringUrl(source: Extract<Source, { kind: 'url' }>, find: Find, wish: CacheWish): Promise<Content> {
    const { url } = source;
    const sha256 = source.sha256?.toLowerCase();
    const key = urlKey(url);
    const record = this.#parts.urls.get(key);
    const known = record === undefined ? undefined : find(record.sha256);
    if (record !== undefined && known !== undefined && this.#isSure(url, sha256, record)) {
      this.#parts.entries.keep(known);
      return this.#contentOf(known, { url, fileName: record.fileName ?? undefined, wish });
    }
    using _ = known?.use();
    // Waits that a failure of one need not concern the other are apart.
    const flight = [key, sha256 ?? '', wish.limitBytes, known === undefined ? '' : record?.sha256].join(' ');
    return await this.#join(flight, wish, {
      work: (signal, report) =>
        fetchUrl(this.#parts, {
          url,
          key,
          limitBytes: wish.limitBytes,
          signal,
          report,
          ...(sha256 === undefined ? {} : { sha256 }),
          ...(record === undefined || known === undefined ? {} : { record }),
        }),
      content: ({ use, fileName }) => {
        const entry = use?.entry ?? known;
        if (use === undefined && known !== undefined) this.#parts.entries.keep(known);
        return entry === undefined ? undefined : this.#contentOf(entry, { url, fileName, wish });
      },
    });
  }

  async #bringBlob(source: Extract<Source, { kind: 'blob' }>, find: Find, wish: CacheWish): Promise<Content> {
    const blobContent = (entry: Entry): Content => ({
      ...entry.use(),
      fileName: undefined,
      stays: !entry.facts.transient,
    });
    const known = find(source.digest);
    if (known !== undefined) return blobContent(known);
    return await this.#join(`blob ${source.digest}`, wish, {
      work: (signal, report) => copyBlob(this.#parts, { source, signal, report }),
      content: ({ use }) => (use === undefined ? undefined : blobContent(use.entry)),
    });
  }

  async #join(
    key: string,
    { signal, onProgress }: CacheWish,
    steps: {
      readonly work: (signal: AbortSignal, report: (transfer: Transfer) => void) => Promise<Brought>;
      readonly content: (brought: Brought) => Content | undefined;
    },
  ): Promise<Content> {
    let content: Content | undefined;
    await this.#transfers.run(key, {
      work: steps.work,
      onProgress: ({ done, total }) => onProgress('fetching', done, total),
      take: (brought) => {
        content = steps.content(brought);
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (content === undefined) throw new BoatLoadError('internal', 'What was fetched into the cache is not there.');
    return content;
  }

  /** Whether what a URL brought before can be used without asking its server. */
  #isSure(url: string, sha256: string | undefined, record: UrlRecord): boolean {
    return sha256 === undefined ? this.#parts.fetcher.isFresh(url, record.memory) : sha256 === record.sha256;
  }

  #contentOf(
    entry: Entry,
    { url, fileName, wish }: { readonly url: string; readonly fileName: string | undefined; readonly wish: CacheWish },
  ): Content {
    if (entry.facts.contentBytes > wish.limitBytes) {
      throw new BoatLoadError(
        'fetch_too_large',
        `${showUrl(url)} delivers ${entry.facts.contentBytes} bytes, more than the limit of ${wish.limitBytes}.`,
      );
    }
    return { ...entry.use(), fileName, stays: !entry.facts.transient };
  }
}
