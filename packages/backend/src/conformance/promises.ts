/** What the port promises, by the names under which a backend may skip it. */
export const backendPromises = {
  introduces: 'says its name and what it can do',
  absent: 'knows nothing of an attempt that was never launched',
  launches: 'launches an attempt and tells its end with its exit code',
  reports: 'reports staging, then starting, with the node',
  launchesOnce: 'starts an attempt once, however often and at once it is launched',
  launchesOnceAfterEnd: 'tells the end of an attempt that is launched again, and does not run it again',
  refusedStart: 'tells a start that was refused by the status, with a code',
  missingImage: 'throws when the image does not exist, and leaves nothing',
  abortedLaunch: 'gives up a launch when asked, and leaves nothing',
  stops: 'ends a running attempt and keeps its output',
  stopsNothing: 'has nothing to stop when the attempt ended or never was',
  removesRunning: 'removes a running attempt with all that belongs to it',
  removesAgain: 'removes what is gone already without complaint',
  restarts: 'tells each start of an attempt that is always restarted',
  eventsFirst: 'tells every attempt that it has before it is synced',
  eventsEnd: 'ends its events when asked',
  satelliteNowhere: 'has no satellite for an attempt that is nowhere',
} as const;

export type BackendPromise = keyof typeof backendPromises;

/** Promises that a backend cannot keep, each with the reason why. */
export type BackendSkips = Readonly<Partial<Record<BackendPromise, string>>>;
