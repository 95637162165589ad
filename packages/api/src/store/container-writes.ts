import { BoatLoadError } from '@boatload/contract';
import type { Kysely } from 'kysely';
import { loadContainer } from './container-reads.ts';
import {
  attemptRowOf,
  blobReferenceRowsOf,
  containerFactsOf,
  containerRowOf,
  labelRowsOf,
  timelineRowOf,
} from './container-rows.ts';
import { containerFrom } from './new-container.ts';
import type { NewContainer, StoredContainer, SubmitResult } from './records.ts';
import type { Schema } from './schema.ts';

/** Adds a container, or finds the one that its key made before; call it in a transaction. */
export async function insertContainer(db: Kysely<Schema>, added: NewContainer): Promise<SubmitResult> {
  const earlier = await findEarlier(db, added);
  if (earlier !== undefined) return { outcome: 'replayed', container: earlier };
  const container = containerFrom(added);
  await db.insertInto('container').values(containerRowOf(container)).execute();
  await insertParts(db, undefined, container);
  const labels = labelRowsOf(added);
  if (labels.length > 0) await db.insertInto('container_label').values(labels).execute();
  const references = blobReferenceRowsOf(added);
  if (references.length > 0) await db.insertInto('blob_reference').values(references).execute();
  if (added.idempotency !== undefined) {
    const row = { owner: added.owner, ...added.idempotency, container_id: added.id };
    await db.insertInto('idempotency_key').values(row).execute();
  }
  return { outcome: 'created', container };
}

/** Writes what differs between two versions of a container. */
export async function updateContainer(
  db: Kysely<Schema>,
  before: StoredContainer,
  after: StoredContainer,
): Promise<void> {
  await db.updateTable('container').set(containerFactsOf(after)).where('id', '=', after.id).execute();
  await insertParts(db, before, after);
}

async function findEarlier(db: Kysely<Schema>, added: NewContainer): Promise<StoredContainer | undefined> {
  if (added.idempotency === undefined) return undefined;
  const row = await db
    .selectFrom('idempotency_key')
    .selectAll()
    .where('owner', '=', added.owner)
    .where('key', '=', added.idempotency.key)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.fingerprint !== added.idempotency.fingerprint) {
    const text = `This Idempotency-Key made container ${row.container_id} from another request; send a new key.`;
    throw new BoatLoadError('idempotency_key_reused', text);
  }
  return await loadContainer(db, row.container_id);
}

async function insertParts(db: Kysely<Schema>, before: StoredContainer | undefined, after: StoredContainer) {
  // A merge keeps the object of an attempt that it doesn't change.
  const known = new Set(before?.attempts);
  for (const attempt of after.attempts.filter((one) => !known.has(one))) {
    const row = attemptRowOf(after.id, attempt);
    await db
      .insertInto('attempt')
      .values(row)
      .onConflict((conflict) => conflict.columns(['container_id', 'attempt']).doUpdateSet(row))
      .execute();
  }
  await writeTimeline(db, before?.timeline ?? [], after);
}

async function writeTimeline(
  db: Kysely<Schema>,
  known: StoredContainer['timeline'],
  { id, timeline }: StoredContainer,
) {
  // A merge keeps the object of an entry that it doesn't change.
  const rows = timeline.map((entry, index) => timelineRowOf(id, index + 1, entry));
  const added = rows.slice(known.length);
  const changed = rows.filter((_, index) => index < known.length && known[index] !== timeline[index]);
  for (const { seq, progress } of changed) {
    await db.updateTable('timeline').set({ progress }).where('container_id', '=', id).where('seq', '=', seq).execute();
  }
  if (added.length > 0) await db.insertInto('timeline').values(added).execute();
}
