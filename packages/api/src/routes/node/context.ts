import type { FastifyRequest } from 'fastify';
import type { Nodes } from '../../services/nodes.ts';
import type { RouteContext } from '../context.ts';

/** The part of the routes' services that nodes need. */
export type NodeContext = Pick<RouteContext, 'principalOf'> & { readonly nodes: Nodes };

/** The path parameter `node`. */
export function nodeOf(request: FastifyRequest): string {
  return (request.params as { readonly node: string }).node;
}
