import cookie from '@fastify/cookie';
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { identify } from './authenticate.ts';
import { requireLocalName } from './local-name.ts';
import { Login } from './login.ts';
import { LoginLimit, type LoginLimits } from './login-limit.ts';
import { addSessionRoutes } from './session-routes.ts';
import type { SessionStore } from './session-store.ts';
import { Sessions } from './sessions.ts';
import { acceptSmallBodies } from './small-body.ts';
import { addTokenRoutes } from './token-routes.ts';
import { type TokenOptions, Tokens } from './tokens.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The hook (onRequest) of every path that needs a log-in: sets `request.principal` or refuses. */
    readonly authenticate: onRequestAsyncHookHandler;
  }
}

export interface AuthOptions {
  readonly users: TokenOptions['users'];
  readonly sessionStore: SessionStore;
  /** 32 secret bytes, as `loadTokenKey` gives them. */
  readonly tokenKey: Uint8Array;
  /** How long a token is good, in seconds. Default one hour. */
  readonly tokenSeconds?: number;
  /** How long after the log-in its token can be refreshed, in seconds. Default 7 days. */
  readonly refreshSeconds?: number;
  /** How many failed log-ins are allowed. Default: see `LoginLimits`. */
  readonly loginLimits?: LoginLimits;
  /** Default: the machine's clock. */
  readonly now?: () => Date;
}

/**
 * Log-in: the paths /api-token-…/ and /api-auth/…/, `app.authenticate` for paths that need it, and
 * `request.principal`. Errors are thrown as BoatLoadErrors, for the error handler of the app to render.
 */
export const authPlugin = fastifyPlugin(registerAuth, { name: 'boatload-auth', fastify: '5.x' });

async function registerAuth(app: FastifyInstance, options: AuthOptions): Promise<void> {
  const { users, sessionStore, tokenKey: key, tokenSeconds, refreshSeconds, now = () => new Date() } = options;
  const tokens = new Tokens({
    key,
    users,
    now,
    ...(tokenSeconds === undefined ? {} : { tokenSeconds }),
    ...(refreshSeconds === undefined ? {} : { refreshSeconds }),
  });
  const sessions = new Sessions({ store: sessionStore, users, now });
  const login = new Login(users, new LoginLimit({ now, ...options.loginLimits }));

  await app.register(cookie);
  app.decorateRequest('principal', undefined);
  app.decorateRequest('csrfExpected', undefined);
  app.decorate('authenticate', async (request) => identify(request, { tokens, sessions }));
  await app.register(async (pages) => {
    acceptSmallBodies(pages);
    if (users.defaultPassword) pages.addHook('onRequest', async (request) => requireLocalName(request));
    addTokenRoutes(pages, login, tokens);
    addSessionRoutes(pages, { login, sessions });
  });
}
