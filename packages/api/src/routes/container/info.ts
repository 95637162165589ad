import { Container } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { renderContainer } from '../../services/render-container.ts';
import { findContainer, type RouteContext } from '../context.ts';

/** GET /v1/container/ID/ */
export function infoRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = { summary: 'All about a container', tags: ['containers'], response: { 200: Container } };
  app.get('/v1/container/:id', { schema }, async (request) => {
    const container = await findContainer(context, request);
    return renderContainer(container, context.progress(container.id));
  });
}
