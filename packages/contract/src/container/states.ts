import { type Static, Type } from 'typebox';
import { Progress } from './progress.ts';

/** Every state of a container, in the order of a life. */
export const containerStates = [
  'submitted',
  'staging',
  'starting',
  'running',
  'exited',
  'failed',
  'lost',
  'removing',
] as const;

export const ContainerState = Type.Enum([...containerStates], {
  $id: 'ContainerState',
  description:
    'submitted: accepted, nothing done yet; staging: image, script and data are brought into place; starting: the Engine starts it; running; exited: it ended by itself, with any exit code; failed: it could not be staged or started, or ran into its time limit; lost: its container is gone from its node; removing: being deleted',
});
export type ContainerState = (typeof containerStates)[number];

/** States after which nothing more happens to a container by itself. */
export const finalStates: ReadonlySet<ContainerState> = new Set<ContainerState>(['exited', 'failed', 'lost']);

/** One change of state, kept for good. */
export const TimelineEntry = Type.Object(
  {
    at: Type.String({ format: 'date-time' }),
    state: ContainerState,
    attempt: Type.Integer({ minimum: 1 }),
    reason: Type.Union([Type.String(), Type.Null()]),
    reason_code: Type.Union([Type.String(), Type.Null()]),
    progress: Type.Union([Type.Array(Progress), Type.Null()], {
      description: 'For `staging`, once it is over: how far each of its steps came; else null',
    }),
  },
  { $id: 'TimelineEntry' },
);
export type TimelineEntry = Static<typeof TimelineEntry>;
