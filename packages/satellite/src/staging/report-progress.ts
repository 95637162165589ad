import type { StagingProgress } from '@boatload/contract';

/** Milliseconds between two reports of the same step. */
const pause = 250;

export type Report = (step: string, done: number, total: number | undefined) => void;

/** Thins out what is reported of each step; its end is always reported. */
export function thinProgress(onProgress: ((progress: StagingProgress) => void) | undefined): Report {
  const last = new Map<string, number>();
  return (step, done, total) => {
    const now = Date.now();
    if (onProgress === undefined || (done !== total && now - (last.get(step) ?? 0) < pause)) return;
    last.set(step, now);
    onProgress({ step, done, ...(total === undefined ? {} : { total }) });
  };
}
