import { SqliteAdapter, SqliteDialect } from 'kysely';
import { openDatabase } from './database.ts';

/** kysely's SQLite dialect over our facade, with migrations that happen wholly or not at all. */
export function createSqliteDialect(file: string): SqliteDialect {
  return new TransactionalDialect({ database: openDatabase(file) });
}

class TransactionalDialect extends SqliteDialect {
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
