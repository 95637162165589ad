import { pipeline } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { BoatLoadError } from '@boatload/contract';
import contentDisposition from 'content-disposition';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { Type } from 'typebox';
import { wordParam } from '../../server/query.ts';
import { openStream, sendHead } from '../../server/stream.ts';
import { untrusted } from '../../server/untrusted.ts';
import { attemptQuery, findContainer, queryOf, type RouteContext, readOptions } from '../context.ts';

const formats = { tar: 'application/x-tar', 'tar.gz': 'application/gzip' } as const;
type Format = keyof typeof formats;
const formatNames = ['tar', 'tar.gz'] as const satisfies readonly Format[];

const querystring = Type.Partial(
  Type.Object({ format: Type.Enum([...formatNames], { default: 'tar' }), attempt: attemptQuery.properties.attempt }),
);

/** GET /v1/container/ID/archive */
export function archiveRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'Every change as one archive; deletions are OCI whiteouts (.wh.NAME)',
    tags: ['results'],
    querystring,
    produces: Object.values(formats),
    response: { 200: Type.String({ contentEncoding: 'binary' }) },
  };
  app.get('/v1/container/:id/archive', { schema }, async (request, reply) => {
    const container = await findContainer(context, request);
    const format = chooseFormat(request);
    void reply
      .type(formats[format])
      .header('content-disposition', contentDisposition(`${container.submission.name ?? container.id}.${format}`))
      .headers({ ...untrusted, vary: 'accept' });
    if (request.method === 'HEAD') return sendHead(reply);
    const tar = await openStream(context.results.archive(container, readOptions(request, reply)));
    if (format === 'tar') return reply.send(tar);
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    pipeline(tar, gzip, (error) => {
      if (error) request.log.warn({ err: error }, 'archive was not sent to its end');
    });
    return reply.send(gzip);
  });
}

function chooseFormat(request: FastifyRequest): Format {
  const asked = wordParam(queryOf(request), 'format', formatNames);
  if (asked !== undefined) return asked;
  const wanted = new Negotiator(request).mediaType([formats.tar, formats['tar.gz'], 'application/x-gzip']);
  if (wanted === undefined) {
    throw new BoatLoadError('not_acceptable', `The archive comes as ${formatNames.join(' or ')}: use ?format=.`);
  }
  return wanted === formats.tar ? 'tar' : 'tar.gz';
}
