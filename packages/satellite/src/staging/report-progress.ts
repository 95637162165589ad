import type { StagingProgress } from '@boatload/contract';

/** Milliseconds between two reports of the same step. */
const pause = 250;

export type Report = (step: string, done: number, total: number | undefined) => void;

/** What is reported of steps, thinned out. */
export interface ThinnedProgress {
  readonly report: Report;
  /** Tells how far those steps came that have not come to their end: the preparation has failed. */
  readonly tellUnfinished: () => void;
}

/**
 * Thins out what is reported of each step. Where steps go on at the same time, the end of one is followed by what
 * is waited for now: another that is not at its end.
 */
export function thinProgress(onProgress: (progress: StagingProgress) => void = () => undefined): ThinnedProgress {
  const last = new Map<string, number>();
  const unfinished = new Map<string, StagingProgress>();
  const report: Report = (step, done, total) => {
    const progress = { step, done, ...(total === undefined ? {} : { total }) };
    if (done === total) unfinished.delete(step);
    else unfinished.set(step, progress);
    const now = Date.now();
    if (done !== total && now - (last.get(step) ?? 0) < pause) return;
    last.set(step, now);
    onProgress(progress);
    const [waitedFor] = done === total ? unfinished.values() : [];
    if (waitedFor !== undefined) onProgress(waitedFor);
  };
  return {
    report,
    tellUnfinished: () => {
      for (const progress of unfinished.values()) onProgress(progress);
    },
  };
}
