import type { FastifyInstance } from 'fastify';
import { cacheCollectRoute } from './cache-collect.ts';
import { cacheListRoute } from './cache-list.ts';
import { cacheRemoveRoute } from './cache-remove.ts';
import type { NodeContext } from './context.ts';
import { nodeInfoRoute } from './info.ts';
import { nodeListRoute } from './list.ts';

/** Every route below /v1/node/. */
export function nodeRoutes(app: FastifyInstance, context: NodeContext): void {
  const routes = [nodeListRoute, nodeInfoRoute, cacheListRoute, cacheRemoveRoute, cacheCollectRoute];
  for (const route of routes) route(app, context);
}
