import { BoatLoadError, type Principal } from '@boatload/contract';
import type { FastifyRequest } from 'fastify';
import { checkCsrf, csrfHeaderOf, isSafeMethod } from './csrf.ts';
import { sessionCookie } from './session-routes.ts';
import type { Sessions } from './sessions.ts';
import type { Tokens } from './tokens.ts';

const schemes: ReadonlySet<string> = new Set(['jwt', 'bearer']);

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; undefined outside paths that need a log-in. */
    principal: Principal | undefined;
  }
}

interface Identification {
  readonly tokens: Tokens;
  readonly sessions: Sessions;
}

/**
 * Finds out who asks: by `Authorization: JWT …` or `Bearer …`, else by the session cookie, and then a request
 * that changes something must carry the session's CSRF token too. Other schemes are passed over.
 * @throws not_authenticated, invalid_token, expired_token, csrf_failed
 */
export async function identify(request: FastifyRequest, { tokens, sessions }: Identification): Promise<void> {
  const token = readAuthorization(request.headers.authorization);
  if (token === undefined) await identifyBySession(request, sessions);
  else request.principal = await tokens.verify(token);
}

/**
 * Who asks, for handlers of paths that need a log-in.
 * @throws not_authenticated
 */
export function requirePrincipal(request: FastifyRequest): Principal {
  if (request.principal === undefined) throw notAuthenticated();
  return request.principal;
}

async function identifyBySession(request: FastifyRequest, sessions: Sessions): Promise<void> {
  const cookie = request.cookies[sessionCookie];
  const session = cookie === undefined ? undefined : await sessions.find(cookie);
  if (session === undefined) throw notAuthenticated();
  request.principal = session.principal;
  if (isSafeMethod(request.method)) return;
  request.csrfExpected = session.csrfToken;
  const token = csrfHeaderOf(request);
  if (token !== undefined || !mayCarryToken(request)) checkCsrf(request, token);
}

/** Whether the token may still come, as a field of a form that the handler reads. */
function mayCarryToken(request: FastifyRequest): boolean {
  const type = request.headers['content-type'] ?? '';
  return (
    request.routeOptions.config.csrfInBody === true &&
    /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type)
  );
}

/** The token in the header, if it has one of our schemes; refused in djangorestframework-jwt's words. */
function readAuthorization(header: string | undefined): string | undefined {
  const [scheme = '', token, ...more] = (header ?? '').trim().split(/\s+/);
  if (!schemes.has(scheme.toLowerCase())) return undefined;
  if (token === undefined) throw badHeader('No credentials provided.');
  if (more.length > 0) throw badHeader('Credentials string should not contain spaces.');
  return token;
}

function badHeader(reason: string): BoatLoadError {
  return new BoatLoadError('invalid_token', `Invalid Authorization header. ${reason}`);
}

function notAuthenticated(): BoatLoadError {
  return new BoatLoadError('not_authenticated', 'Authentication credentials were not provided.');
}
