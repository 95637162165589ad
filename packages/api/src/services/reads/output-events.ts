import type { OutputRecord } from './output.ts';

/** A whole line of output, with the id under which an event-stream resumes. */
export interface OutputEvent {
  /** `attempt:line`; absent for the first parts of a line that is longer than an event may be. */
  readonly id?: string;
  readonly attempt: number;
  readonly line: number;
  readonly stream: 'stdout' | 'stderr';
  readonly at: string;
  readonly data: Uint8Array;
}

/** Where an event-stream goes on: after this line of this attempt. */
export interface OutputPosition {
  readonly attempt: number;
  readonly line: number;
}

/** Longer lines are sent in parts, so that a line without end does not fill the memory. */
const longestEvent = 1024 ** 2;

/** Reads `attempt:line`; undefined when the text is something else. */
export function parsePosition(text: string): OutputPosition | undefined {
  const [, attempt, line] = /^(\d{1,9}):(\d{1,15})$/.exec(text) ?? [];
  return attempt === undefined || line === undefined ? undefined : { attempt: Number(attempt), line: Number(line) };
}

/** A line of which not every piece has come. */
interface UnfinishedLine {
  readonly first: OutputRecord;
  pieces: Uint8Array[];
  bytes: number;
}

/** Puts pieces of output together to lines and leaves out those up to `after`. */
export async function* toEvents(
  records: AsyncIterable<OutputRecord>,
  after: OutputPosition = { attempt: 0, line: 0 },
): AsyncGenerator<OutputEvent> {
  const unfinished = new Map<number, UnfinishedLine>();
  let attempt = 0;
  for await (const record of records) {
    if (record.attempt !== attempt) yield* flush(unfinished);
    attempt = record.attempt;
    if (isSeen(record, after)) continue;
    const number = record.line ?? 0;
    const line = unfinished.get(number) ?? { first: record, pieces: [], bytes: 0 };
    line.pieces.push(record.data);
    line.bytes += record.data.byteLength;
    const complete = record.data.at(-1) === newline;
    if (complete) unfinished.delete(number);
    else unfinished.set(number, line);
    if (complete || line.bytes >= longestEvent) yield takeEvent(line, complete);
  }
  yield* flush(unfinished);
}

const newline = 0x0a;

function isSeen(record: OutputRecord, after: OutputPosition): boolean {
  if (record.attempt !== after.attempt) return record.attempt < after.attempt;
  return (record.line ?? 0) <= after.line;
}

function* flush(unfinished: Map<number, UnfinishedLine>): Generator<OutputEvent> {
  for (const line of unfinished.values()) yield takeEvent(line, true);
  unfinished.clear();
}

/** Makes an event of what has come of a line, and empties it. */
function takeEvent(line: UnfinishedLine, complete: boolean): OutputEvent {
  const { attempt, stream, at, line: number = 0 } = line.first;
  const data = Buffer.concat(line.pieces);
  line.pieces = [];
  line.bytes = 0;
  return { ...(complete ? { id: `${attempt}:${number}` } : {}), attempt, line: number, stream, at, data };
}
