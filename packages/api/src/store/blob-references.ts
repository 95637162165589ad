import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';
import type { BlobReferenceStore } from './store.ts';

export function createBlobReferenceStore(db: Kysely<Schema>): BlobReferenceStore {
  return {
    async referenced(digest) {
      const row = await db
        .selectFrom('blob_reference')
        .select('digest')
        .where('digest', '=', digest)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
    async all() {
      const rows = await db.selectFrom('blob_reference').select('digest').distinct().execute();
      return new Set(rows.map(({ digest }) => digest));
    },
  };
}
