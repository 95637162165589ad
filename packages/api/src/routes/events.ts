import { ProgressEvent, StateEvent } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { ContainerEvent } from '../services/events/container-event.ts';
import { abandonSignal, type RouteContext } from './context.ts';
import { renderEvent, sendEvents } from './event-stream.ts';

/** GET /v1/events */
export function allEventsRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: "What happens to the caller's containers, as it happens; to all of them for an admin",
    description:
      'Server-sent events `state` and `progress`, as those of one container. They begin with now and never end; what happened before, or while nobody was connected, is in the list of containers. Who reads too slowly is cut off.',
    tags: ['containers'],
    produces: ['text/event-stream'],
    response: { 200: { content: { 'text/event-stream': { schema: Type.Union([StateEvent, ProgressEvent]) } } } },
  };
  app.get('/v1/events', { schema }, (request, reply) => {
    const events = context.events.ofAll(context.principalOf(request), abandonSignal(reply));
    return sendEvents(reply, render(events));
  });
}

async function* render(events: AsyncIterable<ContainerEvent>): AsyncGenerator<string> {
  for await (const event of events) yield renderEvent(event);
}
