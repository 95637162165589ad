import { BoatLoadError, Container, ContainerSpec } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { checkCsrf } from '../../auth/csrf.ts';
import { flagParam } from '../../server/query.ts';
import { renderContainer } from '../../services/render-container.ts';
import { readSubmitRequest, releaseFiles, textLimitOf } from '../../services/submit/read-request.ts';
import { abandonSignal, queryOf, type RouteContext } from '../context.ts';

const options = Type.Partial(
  Type.Object({
    strict: Type.Boolean({ default: false, description: 'Refuse unknown fields' }),
    dry_run: Type.Boolean({ default: false, description: 'Check everything, keep nothing' }),
  }),
);

const headers = Type.Partial(
  Type.Object({
    'Idempotency-Key': Type.String({ description: '1 to 255 printable characters, chosen by the client' }),
  }),
);

/** POST /v1/container/ */
export function submitRoute(app: FastifyInstance, context: RouteContext): void {
  const { limits } = context;
  const schema = {
    summary: 'Submit a container',
    description:
      'As JSON, or as a multipart form with the files `script` and `data`. With an `Idempotency-Key` a repeated request answers the container made by the first.',
    tags: ['containers'],
    querystring: options,
    headers,
    body: ContainerSpec,
    consumes: ['application/json', 'multipart/form-data', 'application/x-www-form-urlencoded'],
    response: { 201: Container, 200: Container },
  };
  app.post(
    '/v1/container',
    { schema, bodyLimit: textLimitOf(limits), config: { csrfInBody: true } },
    async (request, reply) => {
      const query = queryOf(request);
      const asked = {
        strict: flagParam(query, 'strict'),
        dryRun: flagParam(query, 'dry_run'),
        ...idempotencyKeyOf(request.headers['idempotency-key']),
      };
      const principal = context.principalOf(request);
      const read = await readSubmitRequest(request, { blobs: context.blobs, limits, signal: abandonSignal(reply) });
      try {
        checkCsrf(request, read.fields.csrfmiddlewaretoken);
        const { outcome, container } = await context.submit.submit(read, principal, asked);
        if (outcome === 'replayed') void reply.header('idempotency-replayed', 'true');
        if (outcome !== 'dry_run') void reply.header('location', `/v1/container/${container.id}/`);
        return await reply.code(outcome === 'dry_run' ? 200 : 201).send(renderContainer(container));
      } finally {
        await releaseFiles(read.files);
      }
    },
  );
}

function idempotencyKeyOf(header: string | string[] | undefined): { idempotencyKey?: string } {
  if (header === undefined) return {};
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return { idempotencyKey: header };
  throw new BoatLoadError('invalid_field', 'Idempotency-Key must be 1 to 255 printable characters without spaces.', {
    field: 'Idempotency-Key',
  });
}
