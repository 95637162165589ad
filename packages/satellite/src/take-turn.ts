/** Runs work when its turn comes. */
export type Queue = <Value>(work: () => Promise<Value>) => Promise<Value>;

/** A promise that is rejected with the signal's reason; released, it stays pending for good. */
export interface AbortWatch {
  readonly promise: Promise<never>;
  release(): void;
}

/**
 * Waits for a turn in a queue and runs the work. When the signal is aborted before the turn came, the wait is
 * given up at once; later it is for the work to notice.
 */
export async function takeTurn<Value>(
  queue: Queue,
  work: () => Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  const aborted = watchAbort(signal);
  const turn = queue(async () => {
    signal?.throwIfAborted();
    aborted.release();
    return await work();
  });
  try {
    return await Promise.race([turn, aborted.promise]);
  } finally {
    aborted.release();
    // Whoever gave up the wait does not hear of the turn that comes to nothing.
    turn.catch(() => undefined);
  }
}

export function watchAbort(signal: AbortSignal | undefined): AbortWatch {
  let onAbort: () => void = () => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal?.reason);
  });
  promise.catch(() => undefined);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  return { promise, release: () => signal?.removeEventListener('abort', onAbort) };
}
