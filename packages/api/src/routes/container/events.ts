import { BoatLoadError, ProgressEvent, StateEvent } from '@boatload/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ContainerEvent } from '../../services/events/container-event.ts';
import { abandonSignal, findContainer, type RouteContext } from '../context.ts';
import { renderEvent, sendEvents } from '../event-stream.ts';

const headers = Type.Partial(
  Type.Object({
    'Last-Event-ID': Type.String({ description: 'Id of the last event that came, like 3: it goes on behind it' }),
  }),
);

/** GET /v1/container/ID/events */
export function eventsRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'What happens to the container, as it happens',
    description:
      'Server-sent events: `state`, an entry of the timeline each, from the first one on, with its number as id, which `Last-Event-ID` resumes; `progress`, at most four a second and without an id, while it is staged; at last `end`, when it is in a final state or gone.',
    tags: ['containers'],
    produces: ['text/event-stream'],
    headers,
    response: { 200: { content: { 'text/event-stream': { schema: Type.Union([StateEvent, ProgressEvent]) } } } },
  };
  app.get('/v1/container/:id/events', { schema }, async (request, reply) => {
    const { id } = await findContainer(context, request);
    const after = readPosition(request);
    return sendEvents(reply, render(context.events.ofContainer(id, after, abandonSignal(reply))));
  });
}

async function* render(events: AsyncIterable<ContainerEvent>): AsyncGenerator<string> {
  for await (const event of events) yield renderEvent(event, event.kind === 'state' ? event.data.seq : undefined);
  yield 'event: end\ndata: {}\n\n';
}

function readPosition(request: FastifyRequest): number {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return 0;
  if (typeof header === 'string' && /^\d{1,9}$/.test(header)) return Number(header);
  throw new BoatLoadError('invalid_field', 'Last-Event-ID must be the id of an earlier event, like 3.', {
    field: 'Last-Event-ID',
  });
}
