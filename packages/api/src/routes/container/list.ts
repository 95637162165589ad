import { BoatLoadError, Container, containerStates } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { listParam, nextPageUrl, numberParam, type Query, textParam, wordParam } from '../../server/query.ts';
import { renderContainer } from '../../services/render-container.ts';
import type { ContainerQuery } from '../../store/records.ts';
import { queryOf, type RouteContext } from '../context.ts';

const querystring = Type.Partial(
  Type.Object({
    state: Type.Enum([...containerStates]),
    label: Type.String({ description: '`key=value`; may be repeated: all must match' }),
    image: Type.String({ description: '`name` or `name:tag`' }),
    name: Type.String(),
    after: Type.String({ description: 'Cursor of the next page, from the Link header' }),
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 1_000 }),
  }),
);

/** A container has no more, and databases limit how long a condition may be. */
const mostLabels = 100;

/** GET /v1/container/ */
export function listRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'List containers, newest first',
    description: 'The next page is in the `Link` header, the number of all that match in `X-Total-Count`.',
    tags: ['containers'],
    querystring,
    response: { 200: Type.Array(Container) },
  };
  app.get('/v1/container', { schema }, async (request, reply) => {
    const query = queryOf(request);
    const page = await context.containers.list(readQuery(query), context.principalOf(request));
    void reply.header('x-total-count', page.total);
    if (page.next !== undefined)
      void reply.header('link', `<${nextPageUrl('/v1/container/', query, page.next)}>; rel="next"`);
    return page.items.map((item) => renderContainer(item, context.progress(item.id)));
  });
}

function readQuery(query: Query): Omit<ContainerQuery, 'owner'> {
  const state = wordParam(query, 'state', containerStates);
  const [image, name, after] = ['image', 'name', 'after'].map((param) => textParam(query, param));
  return {
    limit: numberParam(query, 'limit', { min: 1, max: 1_000 }) ?? 1_000,
    labels: readLabels(query),
    ...(state === undefined ? {} : { state }),
    ...(image === undefined ? {} : { image }),
    ...(name === undefined ? {} : { name }),
    ...(after === undefined ? {} : { after }),
  };
}

function readLabels(query: Query): ContainerQuery['labels'] & {} {
  const labels = listParam(query, 'label');
  if (labels.length <= mostLabels) return labels.map(readLabel);
  throw new BoatLoadError(
    'invalid_query',
    `?label= is given ${labels.length} times: at most ${mostLabels} can match.`,
    {
      field: 'label',
    },
  );
}

function readLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new BoatLoadError('invalid_query', `?label=${text.slice(0, 60)} is not valid: write label=KEY=VALUE.`, {
    field: 'label',
  });
}
