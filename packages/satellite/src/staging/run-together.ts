import { joinSignals } from '../join-signals.ts';

/**
 * Runs three pieces of work at once. When one fails the others are aborted and waited for, and its error is
 * thrown.
 */
export async function runTogether<A, B, C>(
  signal: AbortSignal,
  work: readonly [
    (signal: AbortSignal) => Promise<A>,
    (signal: AbortSignal) => Promise<B>,
    (signal: AbortSignal) => Promise<C>,
  ],
): Promise<readonly [A, B, C]> {
  const failed = new AbortController();
  const either = joinSignals([signal, failed.signal]);
  const running = [work[0](either), work[1](either), work[2](either)] as const;
  try {
    return await Promise.all(running);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(running);
    throw error;
  }
}
