import { type Static, Type } from 'typebox';
import { Progress } from './progress.ts';
import { containerIdPattern } from './resource.ts';
import { TimelineEntry } from './states.ts';

const container = Type.String({ pattern: containerIdPattern });

/** Data of a `state` event: an entry of a container's timeline. */
export const StateEvent = Type.Object(
  {
    container,
    seq: Type.Integer({ minimum: 1, description: 'Number of the entry in the timeline of its container' }),
    ...TimelineEntry.properties,
  },
  { $id: 'StateEvent' },
);
export type StateEvent = Static<typeof StateEvent>;

/** Data of a `progress` event: how far the staging of a container is. */
export const ProgressEvent = Type.Object({ container, ...Progress.properties }, { $id: 'ProgressEvent' });
export type ProgressEvent = Static<typeof ProgressEvent>;
