import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { BoatLoadError } from '@boatload/contract';
import type { FastifyBaseLogger } from 'fastify';
import { loadTokenKey, loadUsers, type Users } from './auth/index.ts';
import { compose } from './compose.ts';
import type { ServiceConfig } from './config.ts';
import { Lifetime } from './lifetime.ts';
import { Reconciler, type ReconcilerOptions } from './reconciler/reconciler.ts';
import { registerRoutes } from './routes/index.ts';
import { createServer } from './server/create-server.ts';
import { SourceFetcher } from './services/source-fetcher.ts';
import { ContainerWatch } from './services/watch.ts';
import { openStore } from './store/open-store.ts';
import { version } from './version.ts';

/** A service that answers requests. */
export interface RunningService {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Whether the log-in admin/admin works. */
  readonly defaultPassword: boolean;
  /** Stops answering, leaves containers alone, keeps everything for the next start. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the whole service: store, satellite, backend, reconciler, HTTP API.
 * @throws bad_configuration, engine_unavailable, with what to do; then nothing is left running
 */
export async function startService(config: ServiceConfig, log: FastifyBaseLogger): Promise<RunningService> {
  const lifetime = new Lifetime();
  try {
    const { url, users } = await start(config, log, lifetime);
    return { url, defaultPassword: users.defaultPassword, close: () => lifetime.close() };
  } catch (error) {
    await lifetime.close().catch((closing) => log.warn({ err: closing }, 'not everything could be closed'));
    throw error;
  }
}

async function start(
  config: ServiceConfig,
  log: FastifyBaseLogger,
  lifetime: Lifetime,
): Promise<{ url: string; users: Users }> {
  const users = await loadUsers({ adminHash: config.adminHash, usersFile: config.usersFile });
  refuseDefaultPassword(config, users);
  await makeDataDir(config.dataDir);
  const tokenKey = await loadTokenKey(config.dataDir);
  const watch = new ContainerWatch();
  const file = join(config.dataDir, 'boatload.db');
  const store = lifetime.use(await openStore({ file, onCommit: (news) => watch.tell(news) }));
  const { backends, blobs, engine, fetcher, nodes } = await compose(config, store, { lifetime, log });
  const { limits, dataProxy } = config;
  const sources = new SourceFetcher({ fetcher, blobs, containers: store.containers, limits });
  const onProgress: ReconcilerOptions['onProgress'] = (container, progress) => watch.tellProgress(container, progress);
  const reconciler = new Reconciler({ store, backends, blobs, sources, onProgress, log });
  lifetime.defer(() => reconciler.close());
  const proxied = dataProxy === undefined ? {} : { dataProxy };
  const services = { store, backends, blobs, engine, nodes, reconciler, watch, limits, ...proxied };
  const app = await createServer({
    log,
    version,
    routes: (server) => registerRoutes(server, { ...services, users, tokenKey }),
  });
  lifetime.defer(() => app.close());
  const url = await listen(app, config);
  // Only now: a service that finds its port taken has touched nothing.
  reconciler.start();
  return { url, users };
}

async function listen(app: Awaited<ReturnType<typeof createServer>>, { host, port }: ServiceConfig): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const advice = code === 'EADDRINUSE' ? 'Something listens there already: choose another port with --port.' : code;
    throw new BoatLoadError('bad_configuration', `BoatLoad cannot listen on ${host}:${port}. ${advice}`, {
      field: 'port',
      cause,
    });
  }
}

async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const text = `The data folder ${dataDir} cannot be made: choose one that you may write with --data-dir.`;
    throw new BoatLoadError('bad_configuration', text, { field: 'data-dir', cause });
  }
}

function refuseDefaultPassword({ host }: ServiceConfig, users: Users): void {
  if (!users.defaultPassword || isLoopback(host)) return;
  throw new BoatLoadError(
    'bad_configuration',
    `The log-in is still admin/admin, so BoatLoad answers on loopback only, not on ${host}. Set a password first: ADMINHASH="$(boatload hash-password)" boatload up --host ${host}`,
    { field: 'host' },
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
