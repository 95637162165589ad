import { BoatLoadError } from '@boatload/contract';

/**
 * An error of this node's own system (a full disk, a directory that may not be written) in words; all others are
 * given back as they are.
 */
export function convertSystemFailure(error: unknown): unknown {
  if (error instanceof BoatLoadError || !(error instanceof Error)) return error;
  const call = 'syscall' in error && typeof error.syscall === 'string' ? error.syscall : undefined;
  if (call === undefined) return error;
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    return new BoatLoadError(
      'resources_unavailable',
      "The disk of the node's state directory is full: remove what is no longer needed, then submit again.",
      { cause: error },
    );
  }
  return new BoatLoadError(
    'internal',
    `The node's state directory cannot be used (${error.message}): see that it exists and may be written.`,
    { cause: error },
  );
}
