import type { Kysely } from 'kysely';
import { containerOf } from './container-rows.ts';
import type { StoredContainer } from './records.ts';
import type { ContainerRow, Schema } from './schema.ts';

// Databases limit how many values one statement may carry.
const idsPerStatement = 500;

export async function loadContainer(db: Kysely<Schema>, id: string): Promise<StoredContainer | undefined> {
  const row = await db.selectFrom('container').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return undefined;
  const [container] = await loadParts(db, [row]);
  return container;
}

/** Completes containers with their attempts and timelines, in a fixed number of statements per page. */
export async function loadParts(db: Kysely<Schema>, rows: readonly ContainerRow[]): Promise<StoredContainer[]> {
  const containers: StoredContainer[] = [];
  for (let start = 0; start < rows.length; start += idsPerStatement) {
    containers.push(...(await loadChunk(db, rows.slice(start, start + idsPerStatement))));
  }
  return containers;
}

async function loadChunk(db: Kysely<Schema>, rows: readonly ContainerRow[]): Promise<StoredContainer[]> {
  const ids = rows.map(({ id }) => id);
  const attempts = await db
    .selectFrom('attempt')
    .selectAll()
    .where('container_id', 'in', ids)
    .orderBy('container_id')
    .orderBy('attempt')
    .execute();
  const timeline = await db
    .selectFrom('timeline')
    .selectAll()
    .where('container_id', 'in', ids)
    .orderBy('container_id')
    .orderBy('seq')
    .execute();
  const attemptsOf = groupByContainer(attempts);
  const timelineOf = groupByContainer(timeline);
  return rows.map((row) =>
    containerOf(row, { attempts: attemptsOf.get(row.id) ?? [], timeline: timelineOf.get(row.id) ?? [] }),
  );
}

function groupByContainer<T extends { readonly container_id: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.container_id);
    if (group === undefined) groups.set(row.container_id, [row]);
    else group.push(row);
  }
  return groups;
}
