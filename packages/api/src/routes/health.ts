import { BoatLoadError } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';

/** GET /healthz (the process lives) and GET /readyz (it can take work); neither needs a log-in. */
export function healthRoutes(app: FastifyInstance, engineAnswers: () => Promise<boolean>): void {
  app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, async () => {
    if (await engineAnswers()) return { status: 'ready' };
    throw new BoatLoadError('engine_unavailable', 'The Docker Engine does not answer: check that it runs.');
  });
}
