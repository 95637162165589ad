import type { ExpressionBuilder, ExpressionWrapper, Kysely, SqlBool } from 'kysely';
import { loadParts } from './container-reads.ts';
import { decodeCursor, encodeCursor, type PagePlace } from './page-cursor.ts';
import type { ContainerPage, ContainerQuery } from './records.ts';
import type { Schema } from './schema.ts';

type Builder = ExpressionBuilder<Schema, 'container'>;
type Condition = ExpressionWrapper<Schema, 'container', SqlBool>;

/** One page of the containers that match; call it in a transaction. */
export async function listContainers(db: Kysely<Schema>, query: ContainerQuery): Promise<ContainerPage> {
  const place = query.after === undefined ? undefined : decodeCursor(query.after);
  const { total } = await db
    .selectFrom('container')
    .select((builder) => builder.fn.countAll<number | string>().as('total'))
    .where((builder) => matches(builder, query))
    .executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom('container')
    .selectAll()
    .where((builder) =>
      builder.and([matches(builder, query), ...(place === undefined ? [] : [isAfter(builder, place)])]),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const items = await loadParts(db, rows.slice(0, query.limit));
  const last = items.at(-1);
  const next = rows.length > query.limit && last !== undefined ? { next: encodeCursor(last) } : {};
  return { items, total: Number(total), ...next };
}

function matches(builder: Builder, { owner, state, labels, image, name }: ContainerQuery): Condition {
  return builder.and([
    // Deleted ones are not listed while they go, unless one asks for them.
    ...(state === 'removing' ? [] : [builder('desired', '=', 'run')]),
    ...(owner === undefined ? [] : [builder('owner', '=', owner)]),
    ...(state === undefined ? [] : [builder('state', '=', state)]),
    ...(name === undefined ? [] : [builder('name', '=', name)]),
    ...(image === undefined ? [] : [builder.or([builder('image_name', '=', image), builder('image', '=', image)])]),
    ...(labels ?? []).map(([key, value]) => hasLabel(builder, key, value)),
  ]);
}

function hasLabel(builder: Builder, key: string, value: string) {
  return builder.exists(
    builder
      .selectFrom('container_label')
      .select('container_label.key')
      .whereRef('container_label.container_id', '=', 'container.id')
      .where('container_label.key', '=', key)
      .where('container_label.value', '=', value),
  );
}

function isAfter(builder: Builder, { createdAt, id }: PagePlace): Condition {
  return builder.or([
    builder('created_at', '<', createdAt),
    builder.and([builder('created_at', '=', createdAt), builder('id', '<', id)]),
  ]);
}
