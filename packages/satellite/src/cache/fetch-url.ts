import { BoatLoadError } from '@boatload/contract';
import { type FetchOutcome, showUrl } from '@boatload/fetch';
import type { Brought, CacheParts, Transfer } from './contents.ts';
import { explainFullDisk } from './full-disk.ts';
import { storeContent } from './store-content.ts';
import type { UrlRecord } from './url-records.ts';

export interface UrlFetch {
  readonly url: string;
  /** The URL's key. */
  readonly key: string;
  readonly limitBytes: number;
  readonly sha256?: string;
  /** Given where what the URL brought before is still there. */
  readonly record?: UrlRecord;
  readonly signal: AbortSignal;
  readonly report: (transfer: Transfer) => void;
}

/** Brings what a URL names into the cache, or finds that it is there already. */
export async function fetchUrl(parts: CacheParts, request: UrlFetch): Promise<Brought> {
  const { files, urls, quota, fetcher } = parts;
  const { url, key, limitBytes, sha256, record, signal, report } = request;
  const workplace = await files.makeWorkplace();
  using reservation = quota.begin();
  try {
    report({ done: 0, total: undefined });
    const outcome = await fetcher.fetch({
      url,
      file: files.contentIn(workplace),
      limitBytes,
      signal,
      onProgress: (done, total) => {
        reservation.written(done);
        report({ done, total });
      },
      reserve: async (bytes) => await reservation.reserve(bytes, signal),
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(record === undefined ? {} : { memory: record.memory }),
    });
    if (outcome.kind === 'fetched') return await keepFetched(parts, request, { workplace, outcome, room: reservation });
    if (record === undefined) throw new BoatLoadError('internal', 'A fetch of something unknown found it unchanged.');
    if (sha256 !== undefined && sha256 !== record.sha256) throw mismatch(url, sha256, record.sha256);
    await urls.put(key, { ...record, memory: outcome.memory });
    return { use: undefined, fileName: record.fileName ?? undefined };
  } catch (error) {
    throw explainFullDisk(error);
  } finally {
    await files.discard(workplace);
  }
}

interface Fetched {
  readonly workplace: string;
  readonly outcome: Extract<FetchOutcome, { readonly kind: 'fetched' }>;
  readonly room: Disposable;
}

async function keepFetched(
  parts: CacheParts,
  { url, key }: UrlFetch,
  { workplace, outcome, room }: Fetched,
): Promise<Brought> {
  const { sha256, size, fileName, memory } = outcome;
  const origin = showUrl(url);
  const use = await storeContent(parts, workplace, { sha256, size, origin, transient: memory === undefined, room });
  try {
    // After its content, so that none is ever found that isn't there.
    if (memory === undefined) await parts.urls.forget(key);
    else await parts.urls.put(key, { sha256, fileName: fileName ?? null, memory });
    return { use, fileName };
  } catch (error) {
    use[Symbol.dispose]();
    throw error;
  }
}

function mismatch(url: string, wanted: string, found: string): BoatLoadError {
  return new BoatLoadError(
    'digest_mismatch',
    `${showUrl(url)} has content with the SHA-256 ${found}, not ${wanted}: correct «sha256», or the URL.`,
  );
}
