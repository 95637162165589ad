import { BoatLoadError } from '@boatload/contract';

const tries = 4;

/** Whether an error says that a stream of files ended too early: the Engine stops when a file becomes shorter. */
export function isCutOff(error: unknown): boolean {
  return error instanceof BoatLoadError && error.code === 'archive_invalid';
}

/**
 * Reads files of a container to the end, from the start again if one became shorter meanwhile.
 * @throws conflict when that happens again and again
 */
export async function retryCut<Result>(read: () => Promise<Result>): Promise<Result> {
  for (let left = tries; ; left -= 1) {
    try {
      return await read();
    } catch (error) {
      if (!isCutOff(error)) throw error;
      if (left === 1) throw restless(error);
    }
  }
}

function restless(cause: unknown): BoatLoadError {
  return new BoatLoadError(
    'conflict',
    'The container shortens its files faster than they can be read: ask again when it has ended, or stop it.',
    { cause },
  );
}
