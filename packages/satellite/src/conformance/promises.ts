/** What the port promises, by the names under which an implementation may skip it. */
export const satellitePromises = {
  describesNode: 'describes its node',
  absent: 'knows nothing of an attempt that was never prepared',
  unprepared: 'does not start what was not prepared',
  emptyBeforeStart: 'has empty output, no changes and no use of resources before the start',
  exitCodes: 'tells the end of an attempt with its exit code',
  runsScript: 'runs a script with its arguments, environment and data in place',
  writableMounts: 'lets a user other than root write to both mounts',
  separatesViews: 'gives each of several containers the same data, and none sees what another makes of them',
  separatesUsers: 'lets each user change all of the data, whoever else uses them',
  keepsPacked: 'leaves an archive packed if it is told to',
  keepsForUsers: 'keeps data as long as a container uses them, and uploads no longer than that',
  imageCommand: 'runs the command of the order where there is no script',
  preparesOnce: 'prepares an attempt once, however often and at once it is asked to',
  startsOnce: 'starts an attempt once, however often and at once it is asked to',
  endedOnce: 'tells the end of an attempt that is started again, and does not run it again',
  refusedStart: 'tells a start that was refused by the status, with a reason, also when asked again',
  missingImage: 'says that an image does not exist, and leaves nothing',
  unknownUser: 'says that an image has no such user, and leaves nothing',
  hostileArchive: 'refuses data that would leave their place, and leaves nothing',
  missingInterpreter: "says that a script's first line names a program that is not there",
  abortedPreparation: 'gives up a preparation when asked, and leaves nothing',
  stops: 'ends a running attempt by its stop signal and keeps its output',
  stopsNothing: 'has nothing to stop when the attempt ended or never was',
  kills: 'kills what does not stop',
  removesRunning: 'removes a running attempt with all that belongs to it',
  removesPreparing: 'removes an attempt that is being prepared',
  removesAgain: 'removes what is gone already without complaint',
  restarts: 'tells each start of an attempt that is always restarted',
  eventsFirst: 'tells every attempt that it has before it is synced',
  eventsAfter: 'tells each change after it is synced',
  eventsEnd: 'ends its events when asked',
} as const;

export type SatellitePromise = keyof typeof satellitePromises;

/** Promises that an implementation cannot keep, each with the reason why. */
export type SatelliteSkips = Readonly<Partial<Record<SatellitePromise, string>>>;
