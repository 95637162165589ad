import { BoatLoadError, decodePath } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { attemptQuery, findContainer, type RouteContext, readOptions } from '../context.ts';
import { pathAnswers, sendPath } from './send-path.ts';

/** GET /v1/container/ID/filebynum/N */
export function fileByNumberRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'A changed regular file by its number in the list of `file`, from 0',
    tags: ['results'],
    params: Type.Object({ id: Type.String(), number: Type.String() }),
    querystring: attemptQuery,
    response: pathAnswers,
  };
  app.get('/v1/container/:id/filebynum/:number', { schema }, async (request, reply) => {
    const container = await findContainer(context, request);
    const { number } = request.params as { readonly number: string };
    let count = 0;
    for await (const file of context.results.changedFiles(container, readOptions(request, reply))) {
      if (String(count) === number)
        return sendPath({ results: context.results, container, request, reply }, decodePath(file));
      count += 1;
    }
    const known =
      count === 0 ? 'The container has changed no file' : `The container has changed ${count} files, numbered from 0`;
    throw new BoatLoadError('file_not_found', `There is no file number ${number.slice(0, 20)}. ${known}.`);
  });
}
