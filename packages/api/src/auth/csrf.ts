import { createHash, timingSafeEqual } from 'node:crypto';
import { BoatLoadError } from '@boatload/contract';
import type {} from '@fastify/cookie';
import type { FastifyRequest } from 'fastify';

export const csrfCookie = 'csrftoken';
/** Name of the form field that carries what else X-CSRFToken carries. */
export const csrfField = 'csrfmiddlewaretoken';
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

declare module 'fastify' {
  interface FastifyRequest {
    /** The token that the body of a session's request is still to show. */
    csrfExpected: string | undefined;
  }
  interface FastifyContextConfig {
    /**
     * The handler reads forms and calls `checkCsrf` with their field `csrfmiddlewaretoken` before it does
     * anything that lasts. Default false: a session's token must be in the header X-CSRFToken.
     */
    readonly csrfInBody?: boolean;
  }
}

/** Whether a request changes nothing, by its method (RFC 9110, section 9.2.1). */
export function isSafeMethod(method: string): boolean {
  return safeMethods.has(method);
}

/** The token in X-CSRFToken. */
export function csrfHeaderOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-csrftoken'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}

/**
 * Checks the CSRF token of a form, where that is still to be done (see `csrfInBody`); nothing happens elsewhere.
 * @param token the form's `csrfmiddlewaretoken`
 * @throws csrf_failed
 */
export function checkCsrf(request: FastifyRequest, token: unknown): void {
  if (request.csrfExpected === undefined) return;
  requireCsrf(request, token, request.csrfExpected);
  request.csrfExpected = undefined;
}

/**
 * Refuses a request that another site may have made a browser send: it comes from another origin, or its token
 * is not the one in its cookie, or not the one of its session.
 * @param expected the session's token; absent: there is no session yet
 * @throws csrf_failed, in REST framework's words
 */
export function requireCsrf(request: FastifyRequest, token: unknown, expected?: string): void {
  requireOwnOrigin(request);
  const cookie = request.cookies[csrfCookie];
  if (cookie === undefined || cookie === '') throw fail('CSRF cookie not set.');
  if (typeof token !== 'string' || !isSame(token, cookie) || !isSame(token, expected ?? cookie)) {
    throw fail('CSRF token missing or incorrect.');
  }
}

function requireOwnOrigin(request: FastifyRequest): void {
  const { origin, referer } = request.headers;
  if (origin !== undefined && !isOwn(origin, request.host)) {
    throw fail(`Origin checking failed - ${origin} does not match any trusted origins.`);
  }
  if (origin === undefined && referer !== undefined && !isOwn(referer, request.host)) {
    throw fail(`Referer checking failed - ${referer} does not match any trusted origins.`);
  }
}

/** Only hosts and ports are compared: behind a proxy that ends TLS, we don't know the scheme. */
function isOwn(source: string, host: string): boolean {
  if (!URL.canParse(source)) return false;
  const { protocol, host: from } = new URL(source);
  const own = `${protocol}//${host}`;
  return (protocol === 'http:' || protocol === 'https:') && URL.canParse(own) && new URL(own).host === from;
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function fail(reason: string): BoatLoadError {
  return new BoatLoadError('csrf_failed', `CSRF Failed: ${reason}`);
}
