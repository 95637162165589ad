import { BoatLoadError } from '@boatload/contract';
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods, RouteOptions } from 'fastify';

const guarded: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Notes which methods each path has; `close` then answers all others with 405 and `Allow`. */
export function guardMethods(app: FastifyInstance): { close: () => void } {
  const known = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const methods = known.get(url) ?? new Set<string>();
    for (const each of [method].flat()) methods.add(each);
    known.set(url, methods);
  });
  return { close: () => refuseOthers(app, new Map(known)) };
}

function refuseOthers(app: FastifyInstance, known: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, methods] of known) {
    const missing = guarded.filter((method) => !methods.has(method));
    if (url === '*' || missing.length === 0) continue;
    const allow = [...methods].join(', ');
    const refuse = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      void reply.header('allow', allow);
      throw new BoatLoadError('method_not_allowed', `${request.method} is not possible here: use ${allow}.`);
    };
    // Before the body is read: what it is, and whether it could be read, does not matter.
    app.route({ method: [...missing], url, schema: { hide: true }, onRequest: refuse, handler: refuse });
  }
}
