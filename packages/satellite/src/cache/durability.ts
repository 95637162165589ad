import { open, readFile } from 'node:fs/promises';
import type { SatelliteLog } from '../satellite-log.ts';
import { syncDirectory } from '../state/durable-file.ts';
import type { LibC } from '../system/libc.ts';
import type { Entries } from './entries.ts';
import type { Entry } from './entry.ts';
import type { EntryFiles } from './entry-files.ts';

/** Names the time since the machine was switched on; empty where that cannot be told. */
export async function readBootId(): Promise<string> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.trim();
}

export interface DurabilityOptions {
  readonly files: EntryFiles;
  readonly entries: Entries;
  /** Undefined where the system has no call for it: then only files become durable. */
  readonly libc: LibC | undefined;
  readonly log: SatelliteLog;
}

/** Brings new entries to the disk while nobody waits for it. */
export class Durability {
  readonly #options: DurabilityOptions;
  readonly #waiting = new Set<Entry>();
  #running: Promise<void> | undefined;

  constructor(options: DurabilityOptions) {
    this.#options = options;
  }

  /** The entry is marked as durable some time after it is. */
  add(entry: Entry): void {
    if (entry.facts.synced) return;
    this.#waiting.add(entry);
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
  }

  /** Fulfilled when nothing is waited for any more. */
  async settle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #work(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting];
      this.#waiting.clear();
      try {
        await this.#sync(batch);
      } catch (error) {
        this.#options.log.warn({ err: error }, 'new entries of the cache may not outlive a loss of power');
      }
    }
  }

  async #sync(batch: readonly Entry[]): Promise<void> {
    const { libc, entries } = this.#options;
    const done = libc === undefined ? await this.#syncFiles(batch) : await this.#syncAll(batch, libc);
    for (const entry of done) {
      if (entries.byId(entry.id) !== entry) continue;
      entry.change({ synced: true });
      entries.rewrite(entry);
    }
  }

  async #syncAll(batch: readonly Entry[], libc: LibC): Promise<readonly Entry[]> {
    await using handle = await open(this.#options.files.directory, 'r');
    await libc.syncFileSystem(handle.fd);
    return batch;
  }

  async #syncFiles(batch: readonly Entry[]): Promise<readonly Entry[]> {
    const { files, entries } = this.#options;
    const plain = batch.filter((entry) => entry.facts.tree === null && entries.byId(entry.id) === entry);
    for (const { id, facts } of plain) {
      await using handle = await open(files.contentOf(facts), 'r');
      await handle.sync();
      await syncDirectory(files.directoryOf(id));
    }
    return plain;
  }
}
