import { BoatLoadError, finalStates } from '@boatload/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendLive } from '../../server/stream.ts';
import { attemptOf } from '../../services/reads/attempts.ts';
import type { OutputQuery, OutputService } from '../../services/reads/output.ts';
import { type OutputEvent, type OutputPosition, parsePosition, toEvents } from '../../services/reads/output-events.ts';
import type { StoredContainer } from '../../store/records.ts';
import { abandonSignal } from '../context.ts';

export interface EventStreamContext {
  readonly output: OutputService;
  readonly container: StoredContainer;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Answers output as server-sent events: a line is an event `stdout` or `stderr` with the id `attempt:line`,
 * the last event is `end`. With `Last-Event-ID` it goes on behind that line.
 */
export function sendOutputEvents(context: EventStreamContext, query: OutputQuery): Promise<FastifyReply> {
  const { output, container, request, reply } = context;
  const after = readPosition(request);
  refusePartial(query);
  attemptOf(container, query.attempt ?? after?.attempt);
  void reply.header('content-type', 'text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
  const from = after === undefined ? {} : { from: after.attempt };
  // Both streams are read even if one is asked for: lines are numbered over both.
  const both = { ...query, ...from, streams: { stdout: true, stderr: true } };
  const records = output.read(container, both, abandonSignal(reply));
  const ended = query.follow === true || finalStates.has(container.state);
  const events = toEvents(records, { ended, ...(after === undefined ? {} : { after }) });
  return sendLive(reply, render(events, query.streams), { heartbeat: ': still here\n\n' });
}

async function* render(events: AsyncIterable<OutputEvent>, streams: OutputQuery['streams']): AsyncGenerator<string> {
  for await (const { id, data, ...event } of events) {
    if (!streams[event.stream]) continue;
    const text = decode(data);
    const content = text === undefined ? { base64: Buffer.from(data).toString('base64') } : { text };
    const idLine = id === undefined ? '' : `id: ${id}\n`;
    yield `${idLine}event: ${event.stream}\ndata: ${JSON.stringify({ ...event, ...content })}\n\n`;
  }
  yield 'event: end\ndata: {}\n\n';
}

/** A line without its line end; undefined where it is not UTF-8. */
function decode(data: Uint8Array): string | undefined {
  const end = data.at(-1) === 0x0a ? data.length - 1 : data.length;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data.subarray(0, end));
  } catch {
    return undefined;
  }
}

function readPosition(request: FastifyRequest): OutputPosition | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  const position = typeof header === 'string' ? parsePosition(header) : undefined;
  if (position !== undefined) return position;
  throw new BoatLoadError('invalid_field', 'Last-Event-ID must be the id of an earlier event, like 1:42.', {
    field: 'Last-Event-ID',
  });
}

/** Lines are numbered from the first one on, so parts of the output have no numbers to resume from. */
function refusePartial(query: OutputQuery): void {
  const field = (['tail', 'since', 'until'] as const).find((name) => query[name] !== undefined);
  if (field === undefined) return;
  throw new BoatLoadError('invalid_query', `?${field} does not go with an event-stream: resume with Last-Event-ID.`, {
    field,
  });
}
