import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { csrfCookie, csrfField, csrfHeaderOf, requireCsrf } from './csrf.ts';
import { localPath } from './local-path.ts';
import { describeWait, type Login } from './login.ts';
import { type LoginForm, renderLoggedOutPage, renderLoginPage } from './login-page.ts';
import { newCsrfToken, type Sessions, sessionSeconds } from './sessions.ts';
import { readText } from './small-body.ts';

export const sessionCookie = 'sessionid';
const csrfCookieSeconds = 364 * 24 * 3_600;
const afterLogin = '/v1/container/';
const wrongSentence = 'Please enter a correct username and password. Note that both fields may be case-sensitive.';

interface LoginParts {
  readonly login: Login;
  readonly sessions: Sessions;
}

/** Django's log-in with a form and a session, at REST framework's paths. */
export function addSessionRoutes(app: FastifyInstance, parts: LoginParts): void {
  const tags = ['log-in'];
  app.route({
    method: 'GET',
    url: '/api-auth/login/',
    schema: { tags, summary: 'The log-in form', security: [] },
    handler: (request, reply) => showForm(request, reply, parts.sessions),
  });
  app.route({
    method: 'POST',
    url: '/api-auth/login/',
    schema: { tags, summary: 'Log in with a form, for a session', security: [] },
    handler: (request, reply) => takeForm(request, reply, parts),
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/api-auth/logout/',
    schema: { tags, summary: 'End the session', security: [] },
    handler: (request, reply) => logOut(request, reply, parts.sessions),
  });
}

async function showForm(request: FastifyRequest, reply: FastifyReply, sessions: Sessions): Promise<FastifyReply> {
  const session = await sessions.find(request.cookies[sessionCookie] ?? '');
  const csrfToken = session?.csrfToken ?? keptCsrfToken(request) ?? newCsrfToken();
  setCsrfCookie(reply, csrfToken);
  return sendForm(reply, { csrfToken, next: nextOf(request) ?? '' });
}

async function takeForm(
  request: FastifyRequest,
  reply: FastifyReply,
  { login, sessions }: LoginParts,
): Promise<FastifyReply> {
  const csrfToken = readText(request.body, csrfField) || csrfHeaderOf(request);
  requireCsrf(request, csrfToken);
  const username = (readText(request.body, 'username') ?? '').trim();
  const password = readText(request.body, 'password') ?? '';
  const form: LoginForm = { csrfToken: request.cookies[csrfCookie] ?? '', next: nextOf(request) ?? '', username };
  if (username === '' || password === '') {
    return sendForm(reply, { ...form, error: 'Username and password: this field is required.' });
  }
  const outcome = await login.attempt({ username, password }, request.ip);
  if (outcome.kind === 'wrong') return sendForm(reply, { ...form, error: wrongSentence });
  if (outcome.kind === 'wait') {
    reply.code(429).header('retry-after', outcome.seconds);
    return sendForm(reply, { ...form, error: describeWait(outcome.seconds) });
  }
  // A token from before the log-in is never raised to a session: whoever planted it would be logged in too.
  await closeSession(request, sessions);
  const session = await sessions.open(outcome.user);
  setCsrfCookie(reply, session.csrfToken);
  reply.setCookie(sessionCookie, session.token, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: 'auto',
    maxAge: sessionSeconds,
  });
  return reply.header('cache-control', 'no-store').redirect(nextOf(request) ?? afterLogin, 302);
}

async function logOut(request: FastifyRequest, reply: FastifyReply, sessions: Sessions): Promise<FastifyReply> {
  await closeSession(request, sessions);
  reply.clearCookie(sessionCookie, { path: '/' }).header('cache-control', 'no-store');
  const next = nextOf(request);
  return next === undefined ? sendPage(reply, renderLoggedOutPage()) : reply.redirect(next, 302);
}

async function closeSession(request: FastifyRequest, sessions: Sessions): Promise<void> {
  const token = request.cookies[sessionCookie];
  if (token !== undefined) await sessions.close(token);
}

function nextOf(request: FastifyRequest): string | undefined {
  return localPath(readText(request.body, 'next') || readText(request.query, 'next'));
}

function keptCsrfToken(request: FastifyRequest): string | undefined {
  const cookie = request.cookies[csrfCookie];
  return cookie !== undefined && /^[A-Za-z0-9]{64}$/.test(cookie) ? cookie : undefined;
}

function setCsrfCookie(reply: FastifyReply, token: string): void {
  reply.setCookie(csrfCookie, token, { path: '/', sameSite: 'lax', secure: 'auto', maxAge: csrfCookieSeconds });
}

function sendForm(reply: FastifyReply, form: LoginForm): FastifyReply {
  return sendPage(reply, renderLoginPage(form));
}

function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .headers({
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      // Not stricter: without a referrer, browsers send "Origin: null" with the form.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    .type('text/html; charset=utf-8')
    .send(html);
}
