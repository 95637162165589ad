import { CacheEntry } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { abandonSignal } from '../context.ts';
import { type NodeContext, nodeOf } from './context.ts';

/** GET /v1/node/NODE/cache/ */
export function cacheListRoute(app: FastifyInstance, { nodes, principalOf }: NodeContext): void {
  const schema = {
    summary: "List what a node keeps of data, the last used first; an admin's",
    tags: ['nodes'],
    response: { 200: Type.Array(CacheEntry) },
  };
  app.get('/v1/node/:node/cache', { schema }, (request, reply) =>
    nodes.cacheOf(nodeOf(request), principalOf(request)).list({ signal: abandonSignal(reply) }),
  );
}
