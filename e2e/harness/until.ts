import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds between looks, growing: who waits for many things must not keep the machine from doing them. */
const firstPause = 20;
const longestPause = 200;

/** Looks again and again until a condition holds, and gives up with a clear error at the deadline. */
export async function until<T>(
  look: () => Promise<T>,
  holds: (value: T) => boolean,
  what: string,
  deadlineMs = 90_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (let wait = firstPause; ; wait = Math.min(wait * 1.3, longestPause)) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`gave up waiting for ${what}; last seen: ${JSON.stringify(value)}`);
    await pause(wait);
  }
}
