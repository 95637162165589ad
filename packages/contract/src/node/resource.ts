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
