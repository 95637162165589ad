import type { FetchLimits } from './fetcher-options.ts';
import { faultOf, TryFault } from './try-fault.ts';

type Watching = Pick<FetchLimits, 'idleMs' | 'leastBytesPerMinute' | 'rateWindowMs'>;

/**
 * A body that may neither stand still nor drip. Only the time that is spent waiting for it counts, not what its reader
 * takes. `giveUp` makes the body end.
 */
export async function* watchBody(
  body: AsyncIterable<Uint8Array>,
  limits: Watching,
  giveUp: (fault: TryFault) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const still = new TryFault(`nothing came for ${seconds(limits.idleMs)}`);
  let waiting = true;
  const timer = setTimeout(() => (waiting ? giveUp(still) : timer.refresh()), limits.idleMs);
  const rate = new Rate(limits);
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const began = performance.now();
      waiting = true;
      timer.refresh();
      const next = await chunks.next();
      waiting = false;
      if (next.done === true) return;
      rate.count(next.value.length, performance.now() - began);
      yield next.value;
    }
  } catch (error) {
    throw faultOf(error);
  } finally {
    clearTimeout(timer);
    await chunks.return?.();
  }
}

class Rate {
  readonly #limits: Watching;
  #bytes = 0;
  #waitedMs = 0;

  constructor(limits: Watching) {
    this.#limits = limits;
  }

  count(bytes: number, waitedMs: number): void {
    const { leastBytesPerMinute, rateWindowMs } = this.#limits;
    this.#bytes += bytes;
    this.#waitedMs += waitedMs;
    if (this.#waitedMs < rateWindowMs) return;
    if (this.#bytes < leastBytesPerMinute * (this.#waitedMs / 60_000)) {
      throw new TryFault(`it comes too slowly (${this.#bytes} bytes in ${seconds(this.#waitedMs)})`);
    }
    this.#bytes = 0;
    this.#waitedMs = 0;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
