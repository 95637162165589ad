import { BoatLoadError, Credentials, Token } from '@boatload/contract';
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { describeWait, type Login } from './login.ts';
import { readCredentials, readToken } from './small-body.ts';
import type { Tokens } from './tokens.ts';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<Token>;

/** djangorestframework-jwt's three paths: each answers 200 with a token. */
export function addTokenRoutes(app: FastifyInstance, login: Login, tokens: Tokens): void {
  const route = (url: string, { summary, body, handler }: { summary: string; body: TSchema; handler: Handler }) =>
    app.route({
      method: 'POST',
      url,
      schema: { tags: ['log-in'], summary, security: [], body, response: { 200: Token } },
      handler: (request, reply) => handler(request, reply.header('cache-control', 'no-store')),
    });

  route('/api-token-auth/', {
    summary: 'Log in with name and password',
    body: Credentials,
    handler: (request, reply) => obtainToken(request, reply, { login, tokens }),
  });
  route('/api-token-refresh/', {
    summary: 'Exchange a token for one that is good for longer',
    body: Token,
    handler: async ({ body }) => ({ token: await tokens.refresh(readToken(body).token) }),
  });
  route('/api-token-verify/', {
    summary: 'Ask whether a token is good',
    body: Token,
    handler: async ({ body }) => {
      const { token } = readToken(body);
      await tokens.inspect(token);
      return { token };
    },
  });
}

async function obtainToken(
  request: FastifyRequest,
  reply: FastifyReply,
  { login, tokens }: { readonly login: Login; readonly tokens: Tokens },
): Promise<Token> {
  const outcome = await login.attempt(readCredentials(request.body), request.ip);
  switch (outcome.kind) {
    case 'welcome':
      return { token: await tokens.issue(outcome.user) };
    case 'wrong':
      throw new BoatLoadError('bad_credentials', 'Unable to log in with provided credentials.');
    case 'wait':
      reply.header('retry-after', outcome.seconds);
      throw new BoatLoadError('too_many_requests', describeWait(outcome.seconds));
  }
}
