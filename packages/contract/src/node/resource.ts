import { type Static, Type } from 'typebox';

const Maybe = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Time = Type.String({ format: 'date-time' });

/** Something that a node keeps, so that the next container need not fetch and unpack it again. */
export const CacheEntry = Type.Object(
  {
    id: Type.String({ description: 'Names the entry on its node' }),
    node: Type.String(),
    origin: Maybe(
      Type.String({ description: 'The URL it came from, without log-in and query; null for what was uploaded' }),
    ),
    sha256: Type.String({ description: 'Of the content as it was fetched or uploaded' }),
    form: Type.Enum(['file', 'tree'], { description: 'file: as it came; tree: unpacked, ready to be mounted' }),
    bytes: Type.Integer({ description: 'On the disk' }),
    in_use: Type.Integer({ description: 'How many attempts of containers use it now' }),
    created_at: Time,
    last_used_at: Time,
  },
  { $id: 'CacheEntry' },
);
export type CacheEntry = Static<typeof CacheEntry>;

/** A machine on which containers run. */
export const Node = Type.Object(
  {
    node: Type.String({ description: 'Its name' }),
    cpus: Maybe(Type.Integer({ description: 'Processors; null while the node does not answer' })),
    memory: Maybe(Type.Integer({ description: 'Bytes' })),
    engine: Maybe(Type.Object({ name: Type.String(), version: Type.String(), storage_driver: Type.String() })),
    cache_quota: Maybe(Type.Integer({ description: 'Bytes that its cache may take on its disk' })),
    reason: Maybe(Type.String({ description: 'Why the node does not answer' })),
  },
  { $id: 'Node' },
);
export type Node = Static<typeof Node>;

/** What was removed from a node's cache at once. */
export const CacheCollection = Type.Object(
  {
    removed: Type.Array(CacheEntry),
    bytes: Type.Integer({ description: 'That are free again on the disk' }),
  },
  { $id: 'CacheCollection' },
);
export type CacheCollection = Static<typeof CacheCollection>;
