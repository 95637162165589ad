import { Node } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { abandonSignal } from '../context.ts';
import type { NodeContext } from './context.ts';

/** GET /v1/node/ */
export function nodeListRoute(app: FastifyInstance, { nodes }: NodeContext): void {
  const schema = { summary: 'List the nodes, by name', tags: ['nodes'], response: { 200: Type.Array(Node) } };
  app.get('/v1/node', { schema }, (_request, reply) => nodes.list({ signal: abandonSignal(reply) }));
}
