import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { BoatLoadError } from '@boatload/contract';
import { Kysely } from 'kysely';
import { createBlobReferenceStore } from './blob-references.ts';
import { createContainerStore } from './containers.ts';
import { migrate } from './migrations/migrate.ts';
import type { ContainerNews } from './records.ts';
import type { Schema } from './schema.ts';
import { createSessionStore } from './sessions.ts';
import { createSettingStore } from './settings.ts';
import { createSqliteDialect } from './sqlite/dialect.ts';
import { WriteAheadLog } from './sqlite/write-ahead-log.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** The SQLite file; it and its folder are made, readable by their owner only, where they don't exist. */
  readonly file: string;
  /** Told of each commit about a container, in their order. Default: nobody is told. */
  readonly onCommit?: (news: ContainerNews) => void;
}

/**
 * Opens the store, brought up to date, for this process alone.
 * @throws conflict when another process has it open, internal when it cannot be opened or brought up to date
 */
export async function openStore({ file, onCommit = () => undefined }: StoreOptions): Promise<Store> {
  makePrivateFile(file);
  const db = new Kysely<Schema>({ dialect: createSqliteDialect(file) });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const log = new WriteAheadLog(file);
  const close = () => db.destroy();
  return {
    containers: createContainerStore(db, { sync: () => log.sync(), onCommit }),
    sessions: createSessionStore(db),
    settings: createSettingStore(db),
    blobs: createBlobReferenceStore(db),
    close,
    [Symbol.asyncDispose]: close,
  };
}

// SQLite gives its journal the mode of the database: made before it is opened, nobody else ever reads either.
function makePrivateFile(file: string): void {
  try {
    // Not `recursive`: Node 20 then loops for ever below /proc.
    if (!existsSync(dirname(file))) mkdirSync(dirname(file), { mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `The store ${file} cannot be written (${why}); choose another data directory or correct its owner.`;
    throw new BoatLoadError('internal', text, { cause });
  }
}
