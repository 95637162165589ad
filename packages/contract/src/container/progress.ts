import { type Static, Type } from 'typebox';

/** How far a pull or a staging is. `total` is null while it is not known. */
export const Progress = Type.Object(
  {
    step: Type.String({ examples: ['pulling image', 'fetching data'] }),
    done: Type.Integer({ description: 'bytes' }),
    total: Type.Union([Type.Integer({ description: 'bytes' }), Type.Null()]),
  },
  { $id: 'Progress' },
);
export type Progress = Static<typeof Progress>;
