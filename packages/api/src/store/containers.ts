import type { Kysely } from 'kysely';
import { listContainers } from './container-list.ts';
import { loadContainer } from './container-reads.ts';
import { insertContainer, updateContainer } from './container-writes.ts';
import { mergeChange, mergeChanges } from './merge-change.ts';
import type { ContainerChange, StoredContainer } from './records.ts';
import type { Schema } from './schema.ts';
import type { ContainerStore } from './store.ts';

// What is still to be worked on: all states but the final ones.
const openStates = ['submitted', 'staging', 'starting', 'running', 'removing'];

/**
 * @param sync makes what was committed survive a loss of power. What users were told must; what happened on a
 * node need not, because the node is asked again.
 */
export function createContainerStore(db: Kysely<Schema>, sync: () => Promise<void>): ContainerStore {
  const synced = async <Value>(commit: Promise<Value>): Promise<Value> => {
    const value = await commit;
    await sync();
    return value;
  };
  return {
    submit: (added) => synced(db.transaction().execute((tx) => insertContainer(tx, added))),
    find: (id) => db.transaction().execute((tx) => loadContainer(tx, id)),
    list: (query) => db.transaction().execute((tx) => listContainers(tx, query)),
    markRemoving: (id, graceSeconds, at = new Date().toISOString()) =>
      synced(db.transaction().execute((tx) => markRemoving(tx, { id, graceSeconds, at }))),
    erase: (id) => db.transaction().execute((tx) => eraseContainer(tx, id)),
    open: () => listOpen(db),
    record: (id, change) => db.transaction().execute((tx) => recordChanges(tx, id, change)),
  };
}

async function markRemoving(
  db: Kysely<Schema>,
  { id, graceSeconds, at }: { readonly id: string; readonly graceSeconds: number; readonly at: string },
): Promise<boolean> {
  const before = await loadContainer(db, id);
  if (before === undefined) return false;
  const marked: StoredContainer = { ...before, desired: 'removed', graceSeconds };
  const known = before.desired === 'removed';
  await updateContainer(db, before, known ? marked : mergeChange(marked, { at, state: 'removing' }));
  return true;
}

async function eraseContainer(db: Kysely<Schema>, id: string): Promise<readonly string[]> {
  const references = await db.selectFrom('blob_reference').select('digest').where('container_id', '=', id).execute();
  await db.deleteFrom('container').where('id', '=', id).execute();
  const digests = references.map(({ digest }) => digest);
  if (digests.length === 0) return [];
  const kept = await db.selectFrom('blob_reference').select('digest').where('digest', 'in', digests).execute();
  const stillUsed = new Set(kept.map(({ digest }) => digest));
  return digests.filter((digest) => !stillUsed.has(digest));
}

async function listOpen(db: Kysely<Schema>): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('container')
    .select('id')
    .where((builder) => builder.or([builder('state', 'in', openStates), builder('desired', '=', 'removed')]))
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

async function recordChanges(
  db: Kysely<Schema>,
  id: string,
  change: ContainerChange | readonly ContainerChange[],
): Promise<StoredContainer | undefined> {
  const before = await loadContainer(db, id);
  if (before === undefined) return undefined;
  const after = mergeChanges(before, change);
  if (after !== before) await updateContainer(db, before, after);
  return after;
}
