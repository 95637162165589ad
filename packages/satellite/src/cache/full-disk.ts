import { BoatLoadError } from '@boatload/contract';

/** What the failure of a write means where the disk is full: other programs fill it, too. */
export function explainFullDisk(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  const text = "The disk of the node's cache is full: remove what is no longer needed there, then submit again.";
  return new BoatLoadError('cache_full', text, { cause: error });
}
