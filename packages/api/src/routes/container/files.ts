import { type ChangedFile, ChangedFile as ChangedFileSchema, type FileChange } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { revealFilePath } from '../../server/raw-paths.ts';
import { jsonArray, openStream } from '../../server/stream.ts';
import { attemptQuery, findContainer, type RouteContext, readOptions } from '../context.ts';
import { pathAnswers, sendPath } from './send-path.ts';

/** GET /v1/container/ID/file and GET /v1/container/ID/file/PATH */
export function fileRoutes(app: FastifyInstance, context: RouteContext): void {
  const listSchema = {
    summary: 'The changed regular files, numbered',
    tags: ['results'],
    querystring: attemptQuery,
    response: { 200: Type.Array(ChangedFileSchema) },
  };
  app.get('/v1/container/:id/file', { schema: listSchema }, async (request, reply) => {
    const container = await findContainer(context, request);
    const files = numbered(context.results.changedFiles(container, readOptions(request, reply)));
    return reply.type('application/json; charset=utf-8').send(await openStream(jsonArray(files)));
  });

  const fileSchema = {
    summary: 'Any file of the container, or a directory as JSON',
    description: 'Range, If-None-Match and If-Range are respected. `file//abs/path` and `file/abs/path` are the same.',
    tags: ['results'],
    params: Type.Object({ id: Type.String(), '*': Type.String({ description: 'Path in the container' }) }),
    querystring: attemptQuery,
    response: pathAnswers,
  };
  app.get('/v1/container/:id/file/*', { schema: fileSchema }, async (request, reply) => {
    const container = await findContainer(context, request);
    const path = revealFilePath((request.params as { readonly '*': string })['*']);
    return sendPath({ results: context.results, container, request, reply }, path);
  });
}

async function* numbered(files: AsyncIterable<FileChange>): AsyncGenerator<ChangedFile> {
  let number = 0;
  for await (const { path, path_b64, size, mode, mtime } of files) {
    const name = path_b64 === undefined ? { path } : { path, path_b64 };
    yield { number, ...name, size: size ?? 0, mode: mode ?? 0, mtime: mtime ?? new Date(0).toISOString() };
    number += 1;
  }
}
