import type { AttemptPhase, AttemptStatus } from '@boatload/contract';

const rank: Readonly<Record<AttemptPhase, number>> = {
  absent: 0,
  created: 1,
  start_failed: 2,
  running: 2,
  restarting: 3,
  ended: 3,
  lost: 4,
};

/**
 * Whether a status is older than what is known. The answer of a launch and the events of a backend come by
 * different ways, so one may overtake the other.
 */
export function isOvertaken(known: AttemptStatus | undefined, told: AttemptStatus): boolean {
  if (known === undefined || told.phase === 'lost') return false;
  const start = timeOf(told) - timeOf(known);
  return start === 0 ? rank[told.phase] < rank[known.phase] : start < 0;
}

function timeOf({ startedAt }: AttemptStatus): number {
  return startedAt === undefined ? 0 : Date.parse(startedAt);
}
