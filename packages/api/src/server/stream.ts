import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BoatLoadError, isAbort } from '@boatload/contract';
import type { FastifyReply } from 'fastify';

/**
 * A stream of what an iterable yields. The first item is awaited here, so that an error before any byte was
 * sent becomes an ordinary answer; a later one cuts the connection, which the client sees as incomplete.
 */
export async function openStream(items: AsyncIterable<Uint8Array | string>): Promise<Readable> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  return Readable.from(resume(first, iterator), { objectMode: false, highWaterMark: 64 * 1024 });
}

/**
 * As many bytes as were announced, of a file that may change meanwhile: more would be taken for the next answer
 * on the connection, and for what is missing the client would wait.
 * @throws conflict when there are fewer
 */
export async function* takeBytes(items: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const item of items) {
    const part = item.subarray(0, left);
    left -= part.byteLength;
    if (part.byteLength > 0) yield part;
    if (part.byteLength < item.byteLength) return;
  }
  if (left > 0) throw new BoatLoadError('conflict', 'The file became shorter while it was read: read it again.');
}

/** Answers HEAD with the headers that were set, Content-Length too: with no body at all Fastify would make it 0. */
export function sendHead(reply: FastifyReply): FastifyReply {
  return reply.send(Readable.from([]));
}

/**
 * Sends what comes when it comes: headers at once, even if the first item takes hours. The answer ends with
 * the items, or when the client goes away; an error cuts the connection. HEAD is answered without waiting.
 */
export async function sendLive(
  reply: FastifyReply,
  items: AsyncIterable<Uint8Array | string>,
  { heartbeat }: { readonly heartbeat?: string } = {},
): Promise<FastifyReply> {
  if (reply.request.method === 'HEAD') return sendHead(reply);
  reply.hijack();
  reply.raw.writeHead(200, Object.fromEntries(Object.entries(reply.getHeaders()).filter(isSet)));
  reply.raw.flushHeaders();
  // Proxies cut connections that are silent for a minute.
  const beat = heartbeat === undefined ? undefined : setInterval(() => sendBeat(reply, heartbeat), 15_000);
  try {
    await pipeline(Readable.from(items, { objectMode: false }), reply.raw);
  } catch (error) {
    reply.raw.destroy();
    if (!isAbort(error)) reply.log.info({ err: error }, 'a live answer was cut off');
  } finally {
    clearInterval(beat);
  }
  return reply;
}

/** Only where nothing else waits to be sent: to a client that is slow, not silence is the matter. */
function sendBeat({ raw }: FastifyReply, heartbeat: string): void {
  if (!raw.writableEnded && !raw.writableNeedDrain) raw.write(heartbeat);
}

function isSet<T>(entry: [string, T | undefined]): entry is [string, T] {
  return entry[1] !== undefined;
}

/** Renders items as a JSON array, one at a time. */
export async function* jsonArray(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  let lead = '[';
  for await (const item of items) {
    yield `${lead}${JSON.stringify(item)}`;
    lead = ',\n';
  }
  yield lead === '[' ? '[]' : ']';
}

async function* resume<T>(first: IteratorResult<T>, iterator: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
