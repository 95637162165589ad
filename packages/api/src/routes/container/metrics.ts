import { Metrics } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { attemptQuery, findContainer, type RouteContext, readOptions } from '../context.ts';

/** GET /v1/container/ID/metrics */
export function metricsRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'Use of processors, memory, network and disks now',
    tags: ['results'],
    querystring: attemptQuery,
    response: { 200: Metrics },
  };
  app.get('/v1/container/:id/metrics', { schema }, async (request, reply) =>
    context.results.metrics(await findContainer(context, request), readOptions(request, reply)),
  );
}
