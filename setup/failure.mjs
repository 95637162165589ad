/**
 * Set-up cannot go on. The message is all that its reader gets to see: what happened, to what, and the
 * commands that come next.
 */
export class SetupFailure extends Error {
  /** @override */
  name = 'SetupFailure';
}
