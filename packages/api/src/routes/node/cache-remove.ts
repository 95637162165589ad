import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { abandonSignal } from '../context.ts';
import { type NodeContext, nodeOf } from './context.ts';

/** DELETE /v1/node/NODE/cache/ENTRY/ */
export function cacheRemoveRoute(app: FastifyInstance, { nodes, principalOf }: NodeContext): void {
  const schema = {
    summary: "Remove one entry of a node's cache that no container uses; an admin's",
    description: 'Answers 409 while a container uses it.',
    tags: ['nodes'],
    response: { 204: Type.Null() },
  };
  app.delete('/v1/node/:node/cache/:entry', { schema }, async (request, reply) => {
    const cache = nodes.cacheOf(nodeOf(request), principalOf(request));
    await cache.remove(entryOf(request), { signal: abandonSignal(reply) });
    return reply.code(204).send();
  });
}

function entryOf(request: FastifyRequest): string {
  return (request.params as { readonly entry: string }).entry;
}
