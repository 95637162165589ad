import { Node } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { abandonSignal } from '../context.ts';
import { type NodeContext, nodeOf } from './context.ts';

/** GET /v1/node/NODE/ */
export function nodeInfoRoute(app: FastifyInstance, { nodes }: NodeContext): void {
  const schema = { summary: 'All about a node', tags: ['nodes'], response: { 200: Node } };
  app.get('/v1/node/:node', { schema }, (request, reply) =>
    nodes.find(nodeOf(request), { signal: abandonSignal(reply) }),
  );
}
