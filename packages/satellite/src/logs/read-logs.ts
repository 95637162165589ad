import type { LogQuery, LogRecord } from '@boatload/contract';
import { type Engine, type LogOptions, type ReadOptions, readLogFrames } from '@boatload/engine';
import type { ReadTarget } from '../state/attempt-record.ts';
import { LineCounter } from './line-counter.ts';
import { findTail, type TailQuery } from './log-tail.ts';

/**
 * Reads an attempt's output in the order in which it was written; nothing before the start. A line
 * longer than 16 KiB comes in several pieces. Leaving or aborting ends the Engine's stream.
 */
export function readLogs(
  engine: Engine,
  target: ReadTarget,
  query: LogQuery,
  options: ReadOptions = {},
): AsyncGenerator<LogRecord, void, undefined> {
  const { streams, follow = false, tail, since, until } = query;
  const asked: LogOptions = {
    follow,
    signal: options.signal,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  if (tail !== undefined) return readTail(engine, target.containerId, { ...asked, streams, tail });
  return readLogFrames(engine, target.containerId, { ...asked, ...streams });
}

async function* readTail(
  engine: Engine,
  containerId: string,
  query: TailQuery,
): AsyncGenerator<LogRecord, void, undefined> {
  const { streams, tail, ...asked } = query;
  if (tail === 0) {
    // Nothing of what is there, but all that comes.
    if (asked.follow === true) yield* readLogFrames(engine, containerId, { ...asked, ...streams, tail: 0 });
    return;
  }
  const found = await findTail(engine, containerId, query);
  if (found === undefined && asked.follow !== true) return;
  const from = found === undefined ? {} : { since: found.since };
  const counter = new LineCounter();
  let begun = found === undefined;
  for await (const frame of readLogFrames(engine, containerId, { ...asked, ...from })) {
    begun ||= frame.at === found?.first.at && frame.stream === found.first.stream;
    if (!begun || !streams[frame.stream]) continue;
    if (counter.count(frame).line > (found?.skip ?? 0)) yield frame;
  }
}
