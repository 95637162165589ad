import { BoatLoadError } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { openStream } from '../../server/stream.ts';
import { untrusted } from '../../server/untrusted.ts';
import { abandonSignal, findContainer, type RouteContext } from '../context.ts';

/** GET /v1/container/ID/script */
export function scriptRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'The script as it was submitted',
    tags: ['results'],
    produces: ['text/plain'],
    response: { 200: Type.String() },
  };
  app.get('/v1/container/:id/script', { schema }, async (request, reply) => {
    const { submission } = await findContainer(context, request);
    const { script } = submission;
    if (script === undefined) {
      throw new BoatLoadError('script_not_found', 'The container was submitted without a script.');
    }
    if (script.kind === 'url') {
      const detail = `The script was not submitted but fetched on the node, from ${script.url}. It is at file//boatload/${submission.scriptname}.`;
      throw new BoatLoadError('script_not_found', detail);
    }
    const bytes = await openStream(context.blobs.open(script.digest, { signal: abandonSignal(reply) }));
    return reply
      .headers({ ...untrusted, 'content-type': 'text/plain; charset=utf-8', 'content-length': script.size })
      .send(bytes);
  });
}
