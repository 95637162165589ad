import {
  type DatabaseConnection,
  type Driver,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from 'kysely';
import { openDatabase } from './database.ts';

/** kysely's SQLite dialect over our facade, with migrations that happen wholly or not at all. */
export function createSqliteDialect(file: string): SqliteDialect {
  return new TransactionalDialect({ database: openDatabase(file) });
}

class TransactionalDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new QueuedDriver(this.#config);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

class TransactionalAdapter extends SqliteAdapter {
  // SQLite can; kysely says no because of changes that need `foreign_keys` off. A kill between two statements
  // of a migration would otherwise leave a schema that neither the old nor the new version understands.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

// There is one connection. kysely wakes all who wait for it each time it is free, which takes seconds when a
// thousand wait; here only the next in line goes on.
class QueuedDriver extends SqliteDriver {
  #last: Promise<void> = Promise.resolve();
  #free: () => void = () => undefined;

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last;
    let free: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      free = resolve;
    });
    await before;
    this.#free = free;
    return await super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    await super.releaseConnection();
    this.#free();
  }
}
