import { BoatLoadError } from '@boatload/contract';

/**
 * What is told of an error that ended the command: for one that BoatLoad knows, its sentence, which says what
 * to do; for any other its stack too, because then it is a fault of ours.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof BoatLoadError) return error.message;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a fault in BoatLoad; please report it with these lines:\n${text}`;
}
