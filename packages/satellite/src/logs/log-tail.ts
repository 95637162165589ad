import type { LogQuery } from '@boatload/contract';
import { type Engine, type LogOptions, readLogFrames } from '@boatload/engine';
import { LineCounter } from './line-counter.ts';

export interface Tail {
  /** From which time on the output is to be read. */
  readonly since: string;
  /** How many lines of the wanted streams come before the tail from then on. */
  readonly skip: number;
}

/**
 * Finds where the last n lines of the wanted streams begin; undefined if there is no output. The Engine counts
 * pieces of both streams, so its tail is made longer until it holds enough lines. Nothing of it is kept.
 */
export async function findTail(
  engine: Engine,
  containerId: string,
  query: LogOptions & { readonly streams: LogQuery['streams']; readonly tail: number },
): Promise<Tail | undefined> {
  const { streams, tail, ...asked } = query;
  // The Engine cuts the tail first and looks at `until` then: with both, all has to be counted.
  for (let pieces = query.until === undefined ? tail : Number.MAX_SAFE_INTEGER; ; pieces *= 4) {
    const window = query.until === undefined ? { tail: pieces } : {};
    const counter = new LineCounter();
    let [seen, lines, since]: [number, number, string | undefined] = [0, 0, undefined];
    for await (const frame of readLogFrames(engine, containerId, { ...asked, ...window, follow: false })) {
      seen += 1;
      since ??= frame.at;
      if (streams[frame.stream] && counter.count(frame).begins) lines += 1;
    }
    if (since === undefined) return undefined;
    if (lines >= tail || seen < pieces) return { since, skip: Math.max(0, lines - tail) };
  }
}
