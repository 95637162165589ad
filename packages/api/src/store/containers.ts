import type { Kysely } from 'kysely';
import { listContainers } from './container-list.ts';
import { loadContainer } from './container-reads.ts';
import { insertContainer, updateContainer } from './container-writes.ts';
import { mergeChange, mergeChanges } from './merge-change.ts';
import type { ContainerChange, ContainerNews, FetchedBlob, FetchedPart, StoredContainer } from './records.ts';
import type { Schema } from './schema.ts';
import type { ContainerStore } from './store.ts';

// What is still to be worked on: all states but the final ones.
const openStates = ['submitted', 'staging', 'starting', 'running', 'removing'];

export interface ContainerStoreOptions {
  /**
   * Makes what was committed survive a loss of power. What users were told must; what happened on a node need
   * not, because the node is asked again.
   */
  readonly sync: () => Promise<void>;
  /** Told of each commit about a container, in their order. */
  readonly onCommit: (news: ContainerNews) => void;
}

export function createContainerStore(db: Kysely<Schema>, { sync, onCommit }: ContainerStoreOptions): ContainerStore {
  const synced = async <Value>(commit: Promise<Value>): Promise<Value> => {
    const value = await commit;
    await sync();
    return value;
  };
  const commit = async (change: (tx: Kysely<Schema>) => Promise<Versions>): Promise<Versions> => {
    const versions = await db.transaction().execute(change);
    if (versions.after !== undefined && versions.after !== versions.before) {
      onCommit(newsOf(versions.before, versions.after));
    }
    return versions;
  };
  return {
    submit: async (added) => {
      const result = await synced(db.transaction().execute((tx) => insertContainer(tx, added)));
      if (result.outcome === 'created') onCommit(newsOf(undefined, result.container));
      return result;
    },
    find: (id) => db.transaction().execute((tx) => loadContainer(tx, id)),
    list: (query) => db.transaction().execute((tx) => listContainers(tx, query)),
    markRemoving: (id, graceSeconds, at = new Date().toISOString()) =>
      synced(commit((tx) => markRemoving(tx, { id, graceSeconds, at }))).then(({ after }) => after !== undefined),
    erase: async (id) => {
      const { owner, unused } = await db.transaction().execute((tx) => eraseContainer(tx, id));
      if (owner !== undefined) onCommit({ id, owner, entries: [], isErased: true });
      return unused;
    },
    open: () => listOpen(db),
    record: async (id, change) => (await commit((tx) => recordChanges(tx, id, change))).after,
    keepFetched: async (id, part, blob) => (await commit((tx) => keepFetched(tx, { id, part, blob }))).after,
  };
}

/** A container before and after a commit; without `after` nothing was changed. */
interface Versions {
  readonly before?: StoredContainer;
  readonly after?: StoredContainer;
}

function newsOf(before: StoredContainer | undefined, { id, owner, timeline }: StoredContainer): ContainerNews {
  const known = before?.timeline.length ?? 0;
  const entries = timeline.slice(known).map((entry, index) => ({ seq: known + index + 1, ...entry }));
  return { id, owner, entries, isErased: false };
}

async function markRemoving(
  db: Kysely<Schema>,
  { id, graceSeconds, at }: { readonly id: string; readonly graceSeconds: number; readonly at: string },
): Promise<Versions> {
  const before = await loadContainer(db, id);
  if (before === undefined) return {};
  const marked: StoredContainer = { ...before, desired: 'removed', graceSeconds };
  const known = before.desired === 'removed';
  const after = known ? marked : mergeChange(marked, { at, state: 'removing' });
  await updateContainer(db, before, after);
  return { before, after };
}

async function eraseContainer(
  db: Kysely<Schema>,
  id: string,
): Promise<{ readonly owner?: string; readonly unused: readonly string[] }> {
  const erased = await db.selectFrom('container').select('owner').where('id', '=', id).executeTakeFirst();
  const references = await db.selectFrom('blob_reference').select('digest').where('container_id', '=', id).execute();
  await db.deleteFrom('container').where('id', '=', id).execute();
  const digests = references.map(({ digest }) => digest);
  if (digests.length === 0) return { ...erased, unused: [] };
  const kept = await db.selectFrom('blob_reference').select('digest').where('digest', 'in', digests).execute();
  const stillUsed = new Set(kept.map(({ digest }) => digest));
  return { ...erased, unused: digests.filter((digest) => !stillUsed.has(digest)) };
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
): Promise<Versions> {
  const before = await loadContainer(db, id);
  if (before === undefined) return {};
  const after = mergeChanges(before, change);
  if (after !== before) await updateContainer(db, before, after);
  return { before, after };
}

async function keepFetched(
  db: Kysely<Schema>,
  { id, part, blob }: { readonly id: string; readonly part: FetchedPart; readonly blob: FetchedBlob },
): Promise<Versions> {
  const before = await loadContainer(db, id);
  if (before === undefined || before.desired === 'removed') return {};
  const after: StoredContainer = { ...before, fetched: { ...before.fetched, [part]: blob } };
  await updateContainer(db, before, after);
  const reference = { container_id: id, digest: blob.digest };
  await db
    .insertInto('blob_reference')
    .values(reference)
    .onConflict((conflict) => conflict.columns(['container_id', 'digest']).doNothing())
    .execute();
  return { before, after };
}
