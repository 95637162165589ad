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

// Written before every commit is answered: what was answered 201 must survive the machine's loss of power.
// One process at a time: a second service on the same data would launch everything twice.
const pragmas = [
  'busy_timeout = 5000',
  'locking_mode = EXCLUSIVE',
  'journal_mode = WAL',
  'synchronous = FULL',
  'foreign_keys = ON',
];

/**
 * Opens (and creates) an SQLite database for kysely, alone: nobody else can open it until it is closed or
 * this process ends.
 * @throws conflict when another process has it open, internal when it cannot be opened
 */
export function openDatabase(file: string): SqliteDatabase {
  const { DatabaseSync } = loadSqlite();
  let database: NativeDatabase | undefined;
  try {
    database = new DatabaseSync(file);
    for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`);
    database.exec('BEGIN EXCLUSIVE; COMMIT');
  } catch (error) {
    database?.close();
    throw explain(error, file);
  }
  return wrapDatabase(database, file);
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

function wrapDatabase(database: NativeDatabase, file: string): SqliteDatabase {
  return {
    prepare: (sql) => guard(file, () => wrapStatement(database.prepare(sql), file)),
    close: () => database.close(),
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

function explain(cause: unknown, file: string): BoatLoadError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/database is locked|database is busy/i.test(message)) {
    const text = `Another BoatLoad has ${file} open; stop it, or choose another data directory.`;
    return new BoatLoadError('conflict', text, { cause });
  }
  if (/disk is full|disk I\/O error/i.test(message)) {
    const text = `The store ${file} cannot be written (${message}); make room on its disk and try again.`;
    return new BoatLoadError('internal', text, { cause });
  }
  return new BoatLoadError('internal', `The store ${file} failed: ${message}.`, { cause });
}
