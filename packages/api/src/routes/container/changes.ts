import { BoatLoadError, decodePath, FileChange } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { nextPageUrl, numberParam, textParam } from '../../server/query.ts';
import { jsonArray, openStream } from '../../server/stream.ts';
import { attemptQuery, findContainer, idOf, queryOf, type RouteContext, readOptions } from '../context.ts';

const querystring = Type.Partial(
  Type.Object({
    limit: Type.Integer({ minimum: 1, maximum: 100_000, description: 'Most entries of a page. Default: all' }),
    after: Type.String({ description: 'Cursor of the next page, from the Link header' }),
    attempt: attemptQuery.properties.attempt,
  }),
);

/** GET /v1/container/ID/changes */
export function changesRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'Every path that the container added, modified or deleted, by path',
    description: 'With `limit`, the next page is in the `Link` header.',
    tags: ['results'],
    querystring,
    response: { 200: Type.Array(FileChange) },
  };
  app.get('/v1/container/:id/changes', { schema }, async (request, reply) => {
    const container = await findContainer(context, request);
    const query = queryOf(request);
    const limit = numberParam(query, 'limit', { min: 1, max: 100_000 });
    const after = readCursor(textParam(query, 'after'));
    const changes = skipTo(context.results.changes(container, readOptions(request, reply)), after);
    void reply.type('application/json; charset=utf-8');
    if (limit === undefined) return reply.send(await openStream(jsonArray(changes)));
    const page = await takePage(changes, limit);
    const last = page.more ? page.items.at(-1) : undefined;
    if (last !== undefined) {
      const cursor = decodePath(last).toString('base64url');
      void reply.header(
        'link',
        `<${nextPageUrl(`/v1/container/${idOf(request)}/changes`, query, cursor)}>; rel="next"`,
      );
    }
    return reply.send(JSON.stringify(page.items));
  });
}

function readCursor(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  if (/^[A-Za-z0-9_-]+$/.test(text)) return Buffer.from(text, 'base64url');
  throw new BoatLoadError(
    'invalid_query',
    '?after= is not a cursor: take it from the Link header of the page before.',
    {
      field: 'after',
    },
  );
}

async function* skipTo(changes: AsyncIterable<FileChange>, after: Buffer | undefined): AsyncGenerator<FileChange> {
  for await (const change of changes) {
    if (after === undefined || decodePath(change).compare(after) > 0) yield change;
  }
}

async function takePage(
  changes: AsyncIterable<FileChange>,
  limit: number,
): Promise<{ items: FileChange[]; more: boolean }> {
  const items: FileChange[] = [];
  for await (const change of changes) {
    if (items.length === limit) return { items, more: true };
    items.push(change);
  }
  return { items, more: false };
}
