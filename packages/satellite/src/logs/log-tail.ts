import type { LogQuery } from '@boatload/contract';
import { type Engine, type LogFrame, type LogOptions, readLogFrames } from '@boatload/engine';
import { LineCounter } from './line-counter.ts';

export interface Tail {
  /** From which time on the output is to be read. */
  readonly since: string;
  /** The piece where counting begins: what comes before it from `since` on is older. */
  readonly first: Pick<LogFrame, 'stream' | 'at'>;
  /** How many lines of the wanted streams come before the tail from there on. */
  readonly skip: number;
}

export interface TailQuery extends LogOptions {
  readonly streams: LogQuery['streams'];
  readonly tail: number;
}

/**
 * Finds where the last n lines of the wanted streams begin; undefined if there is no output. The Engine counts
 * pieces of both streams, so its tail is made longer until it holds enough lines. Nothing of it is kept.
 */
export async function findTail(engine: Engine, containerId: string, query: TailQuery): Promise<Tail | undefined> {
  // The Engine cuts the tail first and looks at `until` then: with both, all has to be counted.
  if (query.until !== undefined) return tailOf(await countWindow(engine, containerId, query), query.tail);
  for (let pieces = query.tail; ; pieces *= 4) {
    const window = await countWindow(engine, containerId, { ...query, window: pieces });
    if (window.lines >= query.tail || window.pieces < pieces) return tailOf(window, query.tail);
  }
}

interface CountedWindow {
  readonly pieces: number;
  /** Lines of the wanted streams. */
  readonly lines: number;
  readonly first: LogFrame | undefined;
  /** The earliest time of a piece: the two streams are written side by side, so it need not be the first one's. */
  readonly since: string;
}

async function countWindow(
  engine: Engine,
  containerId: string,
  query: TailQuery & { readonly window?: number },
): Promise<CountedWindow> {
  const { streams, tail: _tail, window, ...asked } = query;
  const counter = new LineCounter();
  let pieces = 0;
  let lines = 0;
  let first: LogFrame | undefined;
  let since = '';
  const cut = window === undefined ? {} : { tail: window };
  for await (const frame of readLogFrames(engine, containerId, { ...asked, ...cut, follow: false })) {
    pieces += 1;
    first ??= frame;
    if (since === '' || frame.at < since) since = frame.at;
    if (streams[frame.stream] && counter.count(frame).begins) lines += 1;
  }
  return { pieces, lines, first, since };
}

function tailOf({ first, since, lines }: CountedWindow, tail: number): Tail | undefined {
  return first === undefined ? undefined : { first, since, skip: Math.max(0, lines - tail) };
}
