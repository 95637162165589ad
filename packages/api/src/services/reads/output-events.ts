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

type StreamName = OutputRecord['stream'];

/** A line of which not every piece has come. */
interface UnfinishedLine {
  readonly first: OutputRecord;
  pieces: Uint8Array[];
  bytes: number;
}

export interface EventOptions {
  /** Leave out what comes up to here. Default: nothing. */
  readonly after?: OutputPosition;
  /** Whether the output ends because its attempt has: then a last line without a line end counts. */
  readonly ended: boolean;
}

/**
 * Puts the output of both streams together to lines. Lines are numbered per attempt in the order in which
 * they were completed, so that an id says of every other line whether it came before.
 */
export async function* toEvents(
  records: AsyncIterable<OutputRecord>,
  { after = { attempt: 0, line: 0 }, ended }: EventOptions,
): AsyncGenerator<OutputEvent> {
  const unfinished = new Map<StreamName, UnfinishedLine>();
  const place = { attempt: 0, line: 0 };
  for await (const record of records) {
    if (record.attempt !== place.attempt) {
      yield* takeAll(unfinished, place, after);
      place.attempt = record.attempt;
      place.line = 0;
    }
    const line = addPiece(unfinished, record);
    const complete = record.data.at(-1) === newline;
    if (complete) {
      unfinished.delete(record.stream);
      place.line += 1;
    }
    if ((complete || line.bytes >= longestEvent) && isBehind(place, after)) yield takeEvent(line, complete, place);
  }
  if (ended) yield* takeAll(unfinished, place, after);
  else for (const line of unfinished.values()) yield takeEvent(line, false, place);
}

const newline = 0x0a;

function addPiece(unfinished: Map<StreamName, UnfinishedLine>, record: OutputRecord): UnfinishedLine {
  const line = unfinished.get(record.stream) ?? { first: record, pieces: [], bytes: 0 };
  line.pieces.push(record.data);
  line.bytes += record.data.byteLength;
  unfinished.set(record.stream, line);
  return line;
}

function isBehind(place: OutputPosition, after: OutputPosition): boolean {
  return place.attempt === after.attempt ? place.line > after.line : place.attempt > after.attempt;
}

/** Last lines without a line end, when their attempt is over: stdout's before stderr's. */
function* takeAll(
  unfinished: Map<StreamName, UnfinishedLine>,
  place: { attempt: number; line: number },
  after: OutputPosition,
): Generator<OutputEvent> {
  for (const stream of ['stdout', 'stderr'] as const) {
    const line = unfinished.get(stream);
    if (line === undefined) continue;
    place.line += 1;
    if (isBehind(place, after)) yield takeEvent(line, true, place);
  }
  unfinished.clear();
}

/** Makes an event of what has come of a line, and empties it. */
function takeEvent(line: UnfinishedLine, complete: boolean, place: OutputPosition): OutputEvent {
  const { stream, at } = line.first;
  const { attempt, line: number } = place;
  const data = Buffer.concat(line.pieces);
  line.pieces = [];
  line.bytes = 0;
  if (!complete) return { attempt, line: number + 1, stream, at, data };
  return { id: `${attempt}:${number}`, attempt, line: number, stream, at, data };
}
