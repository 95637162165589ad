import { setMaxListeners } from 'node:events';

/** A signal that is aborted when one of several is. Any number of calls may listen to it. */
export function joinSignals(signals: readonly AbortSignal[]): AbortSignal {
  const joined = AbortSignal.any([...signals]);
  // Each request in flight listens; the warning of ten is for leaks, and these leave when their call ends.
  setMaxListeners(0, joined);
  return joined;
}
