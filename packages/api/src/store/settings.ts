import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';
import type { SettingStore } from './store.ts';

export function createSettingStore(db: Kysely<Schema>): SettingStore {
  return {
    async get(name) {
      const row = await db.selectFrom('setting').select('value').where('name', '=', name).executeTakeFirst();
      return row?.value;
    },
    async set(name, value) {
      await db
        .insertInto('setting')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },
  };
}
