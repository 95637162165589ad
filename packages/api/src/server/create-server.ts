import { randomUUID } from 'node:crypto';
import { BoatLoadError } from '@boatload/contract';
import formBody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { answerMalformed } from './malformed-request.ts';
import { guardMethods } from './method-guard.ts';
import { registerOpenApi } from './open-api.ts';
import { answerProblem } from './problem-handler.ts';
import { protectFilePath } from './raw-paths.ts';

export interface ServerOptions {
  readonly log: FastifyBaseLogger;
  readonly version: string;
  /** Adds the routes; called once everything that they share is in place. */
  readonly routes: (app: FastifyInstance) => Promise<void>;
}

/** The HTTP server with all that its routes share: body parsers, errors, the API's description. */
export async function createServer({ log, version, routes }: ServerOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    forceCloseConnections: true,
    clientErrorHandler: answerMalformed,
    frameworkErrors: (error, request, reply) => answerProblem(error, request, reply),
    rewriteUrl: (request) => protectFilePath(request.url ?? '/'),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_384 },
  });
  app.setErrorHandler((error, request, reply) => answerProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => answerProblem(noSuchPath(request.url), request, reply));
  // Requests are checked by the services, which know more than a schema; schemas here describe.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  acceptEmptyJson(app);
  const guard = guardMethods(app);
  await app.register(formBody);
  await app.register(multipart, {
    limits: {
      fieldNameSize: 200,
      fieldSize: 32 * 1024 ** 2,
      fields: 200,
      files: 8,
      fileSize: Number.POSITIVE_INFINITY,
    },
  });
  await registerOpenApi(app, { title: 'BoatLoad', version });
  await routes(app);
  guard.close();
  return app;
}

/** Clients that name JSON in every request do so in a DELETE without a body, too. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['text/plain', 'application/json']);
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null) : parse(request, body, done),
  );
}

function noSuchPath(url: string): BoatLoadError {
  const path = url.split('?')[0] ?? url;
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  return new BoatLoadError('not_found', `There is nothing at ${shown}. The API is described at /docs.`);
}
