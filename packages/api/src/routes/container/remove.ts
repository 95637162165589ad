import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { numberParam } from '../../server/query.ts';
import { idOf, queryOf, type RouteContext } from '../context.ts';

const querystring = Type.Partial(
  Type.Object({
    grace: Type.Integer({ minimum: 0, maximum: 3_600, default: 0, description: 'Seconds between TERM and KILL' }),
  }),
);

/** DELETE /v1/container/ID/ */
export function removeRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'Delete a container, also a running one, and all that belongs to it',
    tags: ['containers'],
    querystring,
    response: { 204: Type.Null() },
  };
  app.delete('/v1/container/:id', { schema }, async (request, reply) => {
    const grace = numberParam(queryOf(request), 'grace', { min: 0, max: 3_600 }) ?? 0;
    await context.containers.remove(idOf(request), context.principalOf(request), grace);
    return reply.code(204).send();
  });
}
