import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes commits survive a loss of power, where the database itself only promises to survive a kill. One wait for
 * the disk serves all that ask meanwhile, and it is not waited for on the main thread, as SQLite would.
 */
export class WriteAheadLog {
  readonly #file: string;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #isNamed = false;

  /** @param database file of the database, which is in WAL mode and stays open */
  constructor(database: string) {
    this.#file = `${database}-wal`;
  }

  /** Resolves when all that was committed before the call is on the disk. */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#run();
    // The one under way may have begun before the commit.
    this.#next ??= this.#running.catch(() => undefined).then(() => this.#run());
    return this.#next;
  }

  #run(): Promise<void> {
    this.#next = undefined;
    const running = this.#sync().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #sync(): Promise<void> {
    await syncFile(this.#file);
    if (this.#isNamed) return;
    await syncFile(dirname(this.#file));
    this.#isNamed = true;
  }
}

async function syncFile(file: string): Promise<void> {
  await using handle = await open(file, 'r');
  await handle.sync();
}
