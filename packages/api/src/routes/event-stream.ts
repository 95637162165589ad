import type { FastifyReply } from 'fastify';
import { sendLive } from '../server/stream.ts';
import { untrusted } from '../server/untrusted.ts';
import type { ContainerEvent } from '../services/events/container-event.ts';

/** Sends what an iterable tells as server-sent events, with a comment now and then while nothing happens. */
export function sendEvents(reply: FastifyReply, events: AsyncIterable<string>): Promise<FastifyReply> {
  void reply.headers({
    ...untrusted,
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  });
  return sendLive(reply, events, { heartbeat: ': still here\n\n' });
}

/** An event as it is sent; with an `id` a reader who connects again goes on behind it. */
export function renderEvent({ kind, data }: ContainerEvent, id?: number): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `${idLine}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
