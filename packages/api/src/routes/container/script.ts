import { BoatLoadError } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { openStream } from '../../server/stream.ts';
import { untrusted } from '../../server/untrusted.ts';
import { abandonSignal, findContainer, type RouteContext } from '../context.ts';
import { sendPath } from './send-path.ts';

/** GET /v1/container/ID/script */
export function scriptRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'The script as it was submitted; where a URL was, the file that it was staged as',
    tags: ['results'],
    produces: ['text/plain'],
    response: { 200: Type.String() },
  };
  app.get('/v1/container/:id/script', { schema }, async (request, reply) => {
    const container = await findContainer(context, request);
    const { script, scriptname } = container.submission;
    if (script === undefined) {
      throw new BoatLoadError('script_not_found', 'The container was submitted without a script.');
    }
    // One that was fetched is kept where it was staged.
    if (script.kind === 'url') {
      return sendPath({ results: context.results, container, request, reply }, Buffer.from(`/boatload/${scriptname}`));
    }
    const bytes = await openStream(context.blobs.open(script.digest, { signal: abandonSignal(reply) }));
    return reply
      .headers({ ...untrusted, 'content-type': 'text/plain; charset=utf-8', 'content-length': script.size })
      .send(bytes);
  });
}
