import type { Kysely, Migration } from 'kysely';

/** What the API fetched for a container, and how far each step of a staging came. */
export const staging: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('container').addColumn('fetched', 'text').execute();
    await db.schema.alterTable('timeline').addColumn('progress', 'text').execute();
  },
};
