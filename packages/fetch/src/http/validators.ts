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
  // RFC 9110, 15.3.7 lets a server leave the date out; whether it knows If-Range at all could then not be told.
  return headers['last-modified'] === validator;
}

function strongValidator(headers: IncomingHttpHeaders): string | undefined {
  const { etag, date } = headers;
  if (etag !== undefined) return /^"[^"]*"$/.test(etag) ? etag : undefined;
  const modified = headers['last-modified'];
  const age = Date.parse(date ?? '') - Date.parse(modified ?? '');
  return age >= strongAfterMs ? modified : undefined;
}

/** What signatures add to URLs (Amazon, Google, CloudFront, Azure, GitHub): it differs each time for the same thing. */
const ofSignatures =
  /^(?:x-(?:amz|goog)-.*|awsaccesskeyid|googleaccessid|expires|policy|signature|key-pair-id|s[pvte]|spr|sip|sig|sk[oestv]|skoid|sktid|jwt)$/i;

const isSignature = /^(?:x-amz-signature|x-goog-signature|signature|sig)$/i;

/** Names a URL's place. */
function placeOf(url: string): string {
  const place = new URL(url);
  const names = [...place.searchParams.keys()];
  if (names.some((name) => isSignature.test(name))) {
    for (const name of names) if (ofSignatures.test(name)) place.searchParams.delete(name);
  }
  return createHash('sha256').update(place.href).digest('base64url');
}
