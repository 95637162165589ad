import { BoatLoadError } from '@boatload/contract';

/** Bytes of what was decompressed before that a compressed archive may refer back to: they are held in memory. */
const mostWindowBytes = 128 * 1_048_576;

/** @throws archive_too_large */
export function checkWindow(bytes: number, how: string): void {
  if (bytes <= mostWindowBytes) return;
  const asked = Math.ceil(bytes / 1_048_576);
  const most = mostWindowBytes / 1_048_576;
  throw new BoatLoadError(
    'archive_too_large',
    `The archive needs ${asked} MiB of memory to be decompressed, and ${most} MiB are allowed: ${how}.`,
    { field: 'data' },
  );
}
