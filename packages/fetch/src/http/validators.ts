import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ResumeTag } from '../schemes/scheme.ts';
import { TryFault } from '../try-fault.ts';

/** A clock may differ, and a file may change twice within the second that a date can tell (RFC 9110, 8.8.2.2). */
const strongAfterMs = 60_000;

/** What a later request may go on with: a strong validator, and what it belongs to. */
export function resumeTagOf(url: string, headers: IncomingHttpHeaders): ResumeTag | undefined {
  const validator = strongValidator(headers);
  return validator === undefined ? undefined : { validator, at: placeOf(url) };
}

/** The headers that ask a URL for the rest of what a tag names; none if the tag belongs elsewhere. */
export function rangeHeaders(url: string, offset: number, tag: ResumeTag): Readonly<Record<string, string>> {
  const { validator, at } = tag;
  if (validator === undefined || at !== placeOf(url)) return {};
  return { range: `bytes=${offset}-`, 'if-range': validator };
}

/**
 * Makes sure that a 206 goes on exactly where it should, with the same content.
 * @returns the length of the whole content, if the server tells it
 */
export function checkPart(headers: IncomingHttpHeaders, offset: number, tag: ResumeTag): number | undefined {
  const [, first, last, whole] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range']?.trim() ?? '') ?? [];
  if (first === undefined || Number(first) !== offset || Number(last) < offset) {
    throw new TryFault('it answered with another part than was asked for', { startOver: true });
  }
  if (!hasValidator(headers, tag.validator)) {
    throw new TryFault('its content changed between two parts', { startOver: true });
  }
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== Number(last) - offset + 1) {
    throw new TryFault('it announced two different lengths for a part', { startOver: true });
  }
  return whole === '*' ? undefined : Number(whole);
}

function hasValidator(headers: IncomingHttpHeaders, validator: string | undefined): boolean {
  if (validator?.startsWith('"') === true) return headers.etag === validator;
  // An answer to If-Range need not repeat the date (RFC 9110, 15.3.7).
  return headers['last-modified'] === undefined || headers['last-modified'] === validator;
}

function strongValidator(headers: IncomingHttpHeaders): string | undefined {
  const { etag, date } = headers;
  if (etag !== undefined) return /^"[^"]*"$/.test(etag) ? etag : undefined;
  const modified = headers['last-modified'];
  const age = Date.parse(date ?? '') - Date.parse(modified ?? '');
  return age >= strongAfterMs ? modified : undefined;
}

/** A URL's place; its query is left out, because signed URLs of the same thing differ in it. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return createHash('sha256').update(`${origin}${pathname}`).digest('base64url');
}
