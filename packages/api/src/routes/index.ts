import { describeEngine, type Engine } from '@boatload/engine';
import type { FastifyInstance } from 'fastify';
import { authPlugin, requirePrincipal, type Users } from '../auth/index.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { DataProxyConfig, ServiceLimits } from '../config.ts';
import type { Reconciler } from '../reconciler/reconciler.ts';
import type { Backends } from '../services/backends.ts';
import { ContainerService } from '../services/containers.ts';
import { EventService } from '../services/events/events.ts';
import type { Nodes } from '../services/nodes.ts';
import { OutputService } from '../services/reads/output.ts';
import { ResultService } from '../services/reads/results.ts';
import { SubmitService } from '../services/submit/submit.ts';
import type { ContainerWatch } from '../services/watch.ts';
import type { Store } from '../store/store.ts';
import { containerRoutes } from './container/index.ts';
import type { RouteContext } from './context.ts';
import { errorsRoute } from './errors.ts';
import { allEventsRoute } from './events.ts';
import { healthRoutes } from './health.ts';
import { nodeRoutes } from './node/index.ts';

/** What the routes are made from. */
export interface RouteParts {
  readonly store: Store;
  readonly backends: Backends;
  readonly blobs: BlobStore;
  readonly engine: Engine;
  readonly nodes: Nodes;
  readonly reconciler: Reconciler;
  readonly watch: ContainerWatch;
  readonly limits: ServiceLimits;
  /** Absent: containers are told of no proxy. */
  readonly dataProxy?: DataProxyConfig;
  readonly users: Users;
  readonly tokenKey: Uint8Array;
}

/** Adds every route to the server: those without a log-in, the log-in itself, and /v1 behind it. */
export async function registerRoutes(app: FastifyInstance, parts: RouteParts): Promise<void> {
  const { users, tokenKey, store, engine } = parts;
  healthRoutes(app, () => engineAnswers(engine));
  errorsRoute(app);
  await app.register(authPlugin, { users, tokenKey, sessionStore: store.sessions });
  await app.register(async (v1) => {
    v1.addHook('onRequest', app.authenticate);
    const context = makeContext(parts);
    allEventsRoute(v1, context);
    containerRoutes(v1, context);
    nodeRoutes(v1, { ...context, nodes: parts.nodes });
  });
}

function engineAnswers(engine: Engine): Promise<boolean> {
  return describeEngine(engine, { signal: AbortSignal.timeout(5_000) }).then(
    () => true,
    () => false,
  );
}

function makeContext({ store, backends, blobs, reconciler, watch, limits, dataProxy }: RouteParts): RouteContext {
  const wake = (id: string): void => reconciler.wake(id);
  const progress: RouteContext['progress'] = (id) => reconciler.progress(id);
  const proxied = dataProxy === undefined ? {} : { dataProxy };
  return {
    submit: new SubmitService({ store, backend: backends.default, onSubmitted: wake, ...proxied }),
    containers: new ContainerService({ store, removed: (id) => reconciler.removed(id) }),
    results: new ResultService(backends),
    output: new OutputService({ backends, containers: store.containers, watch }),
    events: new EventService({ containers: store.containers, watch, progress }),
    blobs,
    limits,
    progress,
    principalOf: requirePrincipal,
  };
}
