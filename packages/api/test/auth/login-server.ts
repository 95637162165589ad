import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { authPlugin } from '../../src/auth/auth-plugin.ts';
import { requirePrincipal } from '../../src/auth/authenticate.ts';
import { checkCsrf } from '../../src/auth/csrf.ts';
import type { LoginLimits } from '../../src/auth/login-limit.ts';
import { hashPassword } from '../../src/auth/password-hash.ts';
import { loadTokenKey } from '../../src/auth/token-key.ts';
import { loadUsers, type Users } from '../../src/auth/users.ts';
import { createServer } from '../../src/server/create-server.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';

export interface LoginServerOptions {
  readonly loginLimits?: LoginLimits;
  /** No users but admin, with the password admin. Default false: those of `passwords`. */
  readonly untouched?: boolean;
}

/** A real server on loopback with log-in, real users, the real store, and a clock that tests turn. */
export interface LoginServer extends AsyncDisposable {
  readonly url: string;
  readonly users: Users;
  readonly tokenKey: Uint8Array;
  readonly store: Store;
  /** Turns the clock forward. */
  readonly pass: (seconds: number) => void;
  /** Seconds since 1970 on the server's clock. */
  readonly seconds: () => number;
  /** All that was logged, at the finest level. */
  readonly logged: () => string;
}

export const passwords = { admin: 'open sesame', ada: 'Lovelace & 1815', gone: 'was here' } as const;

export async function startLoginServer(options: LoginServerOptions = {}): Promise<LoginServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'boatload-login-'));
  const usersFile = join(dataDir, 'data.json');
  await writeFile(usersFile, JSON.stringify(await makeFixture()));
  const { loginLimits, untouched = false } = options;
  const users = await loadUsers(untouched ? {} : { usersFile });
  const tokenKey = await loadTokenKey(dataDir);
  const store = await openStore({ file: join(dataDir, 'store.db') });
  let now = Date.now();
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, collect(lines));

  const app = await createServer({
    log,
    version: '0.0.0',
    routes: async (server) => {
      const auth = { users, tokenKey, sessionStore: store.sessions, now: () => new Date(now) };
      await server.register(authPlugin, loginLimits === undefined ? auth : { ...auth, loginLimits });
      await server.register(async (v1) => {
        v1.addHook('onRequest', v1.authenticate);
        v1.get('/v1/me', async (request) => requirePrincipal(request));
        v1.post('/v1/me', async (request) => requirePrincipal(request));
        v1.delete('/v1/me', async (request) => requirePrincipal(request));
        v1.post<{ Body: { csrfmiddlewaretoken?: string } }>(
          '/v1/form',
          { config: { csrfInBody: true } },
          async (request) => {
            checkCsrf(request, request.body.csrfmiddlewaretoken);
            return requirePrincipal(request);
          },
        );
      });
    },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    users,
    tokenKey,
    store,
    pass: (seconds) => {
      now += seconds * 1_000;
    },
    seconds: () => Math.floor(now / 1_000),
    logged: () => lines.join(''),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function makeFixture(): Promise<readonly unknown[]> {
  const user = (pk: number, username: string, fields: object) => ({
    model: 'auth.user',
    pk,
    fields: { username, email: `${username}@example.org`, groups: [], last_login: null, ...fields },
  });
  return [
    { model: 'sites.site', pk: 1, fields: { domain: 'example.org' } },
    user(3, 'admin', { password: await hashPassword(passwords.admin), is_superuser: true, is_staff: true }),
    user(7, 'ada', { password: await hashPassword(passwords.ada), is_active: true }),
    user(8, 'gone', { password: await hashPassword(passwords.gone), is_active: false }),
  ];
}

function collect(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
}
