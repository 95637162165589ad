import { createRequire } from 'node:module';
import { BoatLoadError } from '@boatload/contract';
import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** What we use of a prepared statement of `node:sqlite`. */
interface NativeStatement {
  columns(): readonly unknown[];
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(...parameters: unknown[]): IterableIterator<unknown>;
}

/** What we use of `DatabaseSync` of `node:sqlite`. */
interface NativeDatabase {
  prepare(sql: string): NativeStatement;
  exec(sql: string): void;
  close(): void;
}

interface NativeModule {
  readonly DatabaseSync: new (file: string) => NativeDatabase;
}

// NORMAL: a commit survives a kill at once; what must survive a loss of power too is synced by `WriteAheadLog`.
const pragmas = ['busy_timeout = 5000', 'journal_mode = WAL', 'synchronous = NORMAL', 'foreign_keys = ON'];

/** How many compiled statements are kept. */
const mostStatements = 500;

/**
 * Opens (and creates) an SQLite database for kysely, as the only service: a second one on the same data would
 * launch everything twice.
 * @throws conflict when another service has it open, internal when it cannot be opened
 */
export function openDatabase(file: string): SqliteDatabase {
  const unlock = lockFor(file);
  try {
    return wrapDatabase(openWith(file, pragmas), { file, unlock });
  } catch (error) {
    unlock();
    throw explain(error, file);
  }
}

/**
 * Takes the lock that marks a service as the only one. It is a second database that stays locked, since the
 * system frees that even after a kill; locking the first itself would keep its backups out too.
 */
function lockFor(file: string): () => void {
  try {
    const lock = openWith(`${file}.lock`, ['busy_timeout = 2000', 'journal_mode = MEMORY']);
    lock.exec('BEGIN EXCLUSIVE');
    return () => {
      lock.exec('ROLLBACK');
      lock.close();
    };
  } catch (cause) {
    if (!isBusy(cause)) throw explain(cause, file);
    const text = `Another BoatLoad has ${file} open; stop it, or choose another data directory.`;
    throw new BoatLoadError('conflict', text, { cause });
  }
}

function openWith(file: string, settings: readonly string[]): NativeDatabase {
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(file);
  try {
    for (const setting of settings) database.exec(`PRAGMA ${setting}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Node's own SQLite where it can tell columns (22.16 and later), else the same API as a package. */
function loadSqlite(): NativeModule {
  const builtin: unknown = process.getBuiltinModule('node:sqlite');
  return isUsable(builtin) ? builtin : createRequire(import.meta.url)('@photostructure/sqlite');
}

function isUsable(module: unknown): module is NativeModule {
  if (typeof module !== 'object' || module === null) return false;
  if (!('DatabaseSync' in module && 'StatementSync' in module)) return false;
  return typeof module.StatementSync === 'function' && 'columns' in module.StatementSync.prototype;
}

function wrapDatabase(
  database: NativeDatabase,
  { file, unlock }: { readonly file: string; readonly unlock: () => void },
): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    prepare: (sql) => {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      const statement = guard(file, () => wrapStatement(database.prepare(sql), file));
      // To compile a statement takes longer than to run it; our own are few, those with lists of any length are not.
      if (statements.size < mostStatements) statements.set(sql, statement);
      return statement;
    },
    close: () => {
      database.close();
      unlock();
    },
  };
}

function wrapStatement(statement: NativeStatement, file: string): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guard(file, () => statement.all(...parameters)),
    run: (parameters) => guard(file, () => statement.run(...parameters)),
    iterate: (parameters) => statement.iterate(...parameters),
  };
}

function guard<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw explain(error, file);
  }
}

function isBusy(cause: unknown): boolean {
  return cause instanceof Error && /database is (locked|busy)/i.test(cause.message);
}

function explain(cause: unknown, file: string): BoatLoadError {
  if (cause instanceof BoatLoadError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/disk is full|disk I\/O error/i.test(message)) {
    const text = `The store ${file} cannot be written (${message}); make room on its disk and try again.`;
    return new BoatLoadError('internal', text, { cause });
  }
  return new BoatLoadError('internal', `The store ${file} failed: ${message}.`, { cause });
}
