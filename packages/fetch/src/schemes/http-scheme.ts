import { setImmediate as nextTurn } from 'node:timers/promises';
import { BoatLoadError } from '@boatload/contract';
import { errors } from 'undici';
import { readEagerly } from '../eager-body.ts';
import { fileNameOf } from '../file-name.ts';
import { conditionalHeaders, isFreshOverHttp, readHttpMemory, rememberHops, renewMemory } from '../http/http-memory.ts';
import { firstOf, statusFault } from '../http/status-faults.ts';
import { checkPart, rangeHeaders, resumeTagOf } from '../http/validators.ts';
import { type Arrival, type HttpContext, walk } from '../http/walk.ts';
import { showUrl } from '../shown-url.ts';
import { TryFault } from '../try-fault.ts';
import type { Opened, Opening, Scheme } from './scheme.ts';

/** http: and https:. */
export function httpScheme(context: HttpContext): Scheme {
  return {
    protocols: ['http:', 'https:'],
    open: (opening) => openHttp(opening, context),
    isFresh: isFreshOverHttp,
  };
}

async function openHttp(opening: Opening, context: HttpContext): Promise<Opened> {
  const { url, resume, signal } = opening;
  const known = resume === undefined ? readHttpMemory(opening.memory) : undefined;
  const headersFor = (hop: string): Readonly<Record<string, string>> =>
    resume === undefined ? conditionalHeaders(hop, known) : rangeHeaders(hop, resume.offset, resume.tag);
  const arrival = await walk({ url, headersFor, ...(signal === undefined ? {} : { signal }) }, context);
  try {
    if (arrival.status === 304) {
      await arrival.close();
      return unchanged(opening, arrival);
    }
    return content(opening, arrival);
  } catch (error) {
    await arrival.close();
    throw error;
  }
}

function unchanged(opening: Opening, arrival: Arrival): Opened {
  const { memory, resume, url } = opening;
  const known = resume === undefined ? readHttpMemory(memory) : undefined;
  if (memory === undefined || known === undefined || Object.keys(conditionalHeaders(arrival.url, known)).length === 0) {
    throw new BoatLoadError(
      'fetch_failed',
      `${showUrl(url)} was answered with «not modified» (304) although nobody asked: the server has a fault.`,
    );
  }
  return { kind: 'unchanged', memory: renewMemory(memory, known, arrival.hops) };
}

function content(opening: Opening, arrival: Arrival): Opened {
  const { status, headers, url } = arrival;
  const { start, total } = rangeOf(opening, arrival);
  const resumeTag = status === 206 ? opening.resume?.tag : resumeTagOf(url, headers);
  const fileName = fileNameOf(url, firstOf(headers['content-disposition']));
  const memory = rememberHops(arrival.hops);
  return {
    kind: 'content',
    start,
    body: untilItsEnd(readEagerly(arrival.body), arrival),
    ...(total === undefined ? {} : { total }),
    ...(resumeTag === undefined ? {} : { resumeTag }),
    ...(fileName === undefined ? {} : { fileName }),
    ...(memory === undefined ? {} : { memory }),
    close: arrival.close,
  };
}

function rangeOf(opening: Opening, arrival: Arrival): { readonly start: number; readonly total: number | undefined } {
  const { status, headers } = arrival;
  if (status === 200 || status === 203) {
    const announced = Number(headers['content-length'] ?? Number.NaN);
    return { start: 0, total: Number.isSafeInteger(announced) ? announced : undefined };
  }
  const { resume } = opening;
  if (resume === undefined && status === 206) {
    throw new TryFault('it answered with a part although the whole was asked for');
  }
  if (resume !== undefined && status === 206) {
    return { start: resume.offset, total: checkPart(headers, resume.offset, resume.tag) };
  }
  if (resume !== undefined && (status === 416 || status === 412)) {
    throw new TryFault(`it did not go on where the connection broke (status ${status})`, { startOver: true });
  }
  throw statusFault(status, headers);
}

async function* untilItsEnd(
  body: AsyncIterable<Uint8Array>,
  arrival: Arrival,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* body;
  // What lies beyond the announced length is noticed as a broken connection just after the end.
  await nextTurn();
  const broken = arrival.brokenBy();
  if (broken === undefined || !isSurplus(broken)) return;
  throw new TryFault('it sent more than the length that it announced', { again: false, cause: broken });
}

/** Whether a connection broke because something came that belongs to no answer. */
function isSurplus(error: Error): boolean {
  return error instanceof errors.HTTPParserError || error.message === 'bad response';
}
