import { setImmediate } from 'node:timers/promises';

/** Milliseconds for which work that does not wait for anything may hold everything else up. */
const longestHold = 10;

/** Makes a function that lets whatever else is due run, if that has waited for long. */
export function letOthersRun(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < longestHold) return;
    await setImmediate();
    since = performance.now();
  };
}
