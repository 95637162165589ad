import { BoatLoadError } from '@boatload/contract';
import { joinSignals } from './join-signals.ts';

export interface StallOptions {
  readonly signal: AbortSignal;
  /** Milliseconds that a reader may leave what it was given untouched. Default one minute. */
  readonly patience?: number;
}

/**
 * Reads on behalf of a reader, and gives up where that reader takes nothing for long: as long as the Engine
 * sends a container's files it keeps the container locked, so that not even its state can be told.
 */
export async function* limitStall<Item>(
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  { signal, patience = 60_000 }: StallOptions,
): AsyncGenerator<Item, void, undefined> {
  const stall = new AbortController();
  for await (const item of open(joinSignals([stall.signal, signal]))) {
    const timer = setTimeout(() => stall.abort(stalled(patience)), patience);
    try {
      yield item;
    } finally {
      clearTimeout(timer);
    }
  }
}

function stalled(patience: number): BoatLoadError {
  const text = `The reader took nothing for ${patience / 1_000} seconds, so the reading was given up: go on with a Range request.`;
  return new BoatLoadError('conflict', text);
}
