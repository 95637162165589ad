import { BoatLoadError } from '@boatload/contract';
import { type Kysely, type Migration, Migrator } from 'kysely';
import type { Schema } from '../schema.ts';
import { containers } from './0001-containers.ts';
import { staging } from './0002-staging.ts';

/** Every migration, by a name that sorts after those before it. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-containers': containers,
  '0002-staging': staging,
};

/**
 * Brings the tables up to what this version needs.
 * @throws internal when they were made by a newer version, or a migration failed (then nothing has changed)
 */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof BoatLoadError) throw error;
  const cause = error instanceof Error ? error.message : String(error);
  const newer = /corrupted migrations/.test(cause);
  const text = newer
    ? 'The store was written by a newer version of BoatLoad; run that version, or choose another data directory.'
    : `The store could not be brought up to date (${cause}); nothing was changed in it.`;
  throw new BoatLoadError('internal', text, { cause: error });
}
