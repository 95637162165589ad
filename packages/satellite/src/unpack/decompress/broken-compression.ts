import { BoatLoadError } from '@boatload/contract';

/** The error for an archive that cannot be decompressed. */
export function brokenCompression(reason: string, cause?: unknown): BoatLoadError {
  return new BoatLoadError('archive_invalid', `The archive cannot be decompressed: ${reason}. Pack it again.`, {
    field: 'data',
    cause,
  });
}

/** The error for one that ends too early. */
export function cutOff(): BoatLoadError {
  return brokenCompression('it is cut off');
}
