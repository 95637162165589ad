import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FetchMemory } from '@boatload/fetch';
import type { SatelliteLog } from '../satellite-log.ts';
import type { EntryFiles } from './entry-files.ts';

/** What is known of a URL whose content is in the cache. */
export interface UrlRecord {
  readonly sha256: string;
  /** What the server or the URL calls it. */
  readonly fileName: string | null;
  readonly memory: FetchMemory;
}

/** Those that were put longest ago give way: a URL with a signature in it is another each time. */
const mostRecords = 4_096;

/** Names a URL, its log-in included: what one log-in brought is not another's. */
export function urlKey(url: string): string {
  return createHash('sha256').update(withoutFragment(url)).digest('hex');
}

/** Which content each URL brought, by the URL's key; in files that only their owner may read. */
export class UrlRecords {
  readonly #files: EntryFiles;
  readonly #log: SatelliteLog;
  readonly #records = new Map<string, UrlRecord>();
  readonly #writes = new Map<string, Promise<void>>();

  constructor(files: EntryFiles, log: SatelliteLog) {
    this.#files = files;
    this.#log = log;
  }

  /** Takes up what is on the disk; records whose content is gone are removed. */
  async load(isThere: (sha256: string) => boolean): Promise<void> {
    for (const name of await readdir(this.#files.urls)) {
      const key = name.replace(/\.json$/, '');
      const record = await this.#read(key);
      if (record !== undefined && isThere(record.sha256)) this.#records.set(key, record);
      else await rm(this.#fileOf(key), { force: true });
    }
  }

  get(key: string): UrlRecord | undefined {
    return this.#records.get(key);
  }

  /** Found from now on; on the disk when the promise is fulfilled. */
  async put(key: string, record: UrlRecord): Promise<void> {
    this.#records.delete(key);
    this.#records.set(key, record);
    const [oldest] = this.#records.keys();
    if (this.#records.size > mostRecords && oldest !== undefined) await this.forget(oldest);
    await this.#store(key);
  }

  /** Forgets a URL: what it brought must not serve it again. */
  async forget(key: string): Promise<void> {
    if (this.#records.delete(key)) await this.#store(key);
  }

  /** Forgets the URLs whose content is gone. */
  forgetContent(sha256: string): void {
    for (const [key, record] of this.#records) {
      if (record.sha256 !== sha256) continue;
      this.forget(key).catch((error: unknown) => {
        this.#log.warn({ err: error }, 'what is known of a URL is removed at the next start');
      });
    }
  }

  /** Fulfilled when all is on the disk. */
  async settle(): Promise<void> {
    while (this.#writes.size > 0) await Promise.all(this.#writes.values());
  }

  /** Brings to the disk what is known then: one write of a URL comes after the other. */
  async #store(key: string): Promise<void> {
    const before = this.#writes.get(key) ?? Promise.resolve();
    const mine = before.then(async () => {
      const record = this.#records.get(key);
      if (record === undefined) await rm(this.#fileOf(key), { force: true });
      else await this.#files.writeWhole(this.#fileOf(key), record);
    });
    const settled = mine
      .catch(() => undefined)
      .finally(() => {
        if (this.#writes.get(key) === settled) this.#writes.delete(key);
      });
    this.#writes.set(key, settled);
    await mine;
  }

  async #read(key: string): Promise<UrlRecord | undefined> {
    try {
      // A validated edge: only this class writes the file, and always as a whole.
      return JSON.parse(await readFile(this.#fileOf(key), 'utf8')) as UrlRecord;
    } catch (error) {
      this.#log.warn({ err: error }, 'what is known of a URL cannot be read and is removed');
      return undefined;
    }
  }

  #fileOf(key: string): string {
    return join(this.#files.urls, `${key}.json`);
  }
}

function withoutFragment(url: string): string {
  if (!URL.canParse(url)) return url;
  const plain = new URL(url);
  plain.hash = '';
  return plain.href;
}
