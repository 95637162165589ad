import type { FastifyInstance } from 'fastify';
import type { RouteContext } from '../context.ts';
import { archiveRoute } from './archive.ts';
import { changesRoute } from './changes.ts';
import { eventsRoute } from './events.ts';
import { fileByNumberRoute } from './filebynum.ts';
import { fileRoutes } from './files.ts';
import { infoRoute } from './info.ts';
import { listRoute } from './list.ts';
import { metricsRoute } from './metrics.ts';
import { removeRoute } from './remove.ts';
import { scriptRoute } from './script.ts';
import { stateRoute } from './state.ts';
import { stdoutRoute } from './stdout.ts';
import { submitRoute } from './submit.ts';

/** Every route below /v1/container/. */
export function containerRoutes(app: FastifyInstance, context: RouteContext): void {
  const routes = [
    listRoute,
    submitRoute,
    infoRoute,
    removeRoute,
    stdoutRoute,
    scriptRoute,
    stateRoute,
    eventsRoute,
    metricsRoute,
    changesRoute,
    fileRoutes,
    fileByNumberRoute,
    archiveRoute,
  ];
  for (const route of routes) route(app, context);
}
