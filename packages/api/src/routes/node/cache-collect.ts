import { BoatLoadError, CacheCollection } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { abandonSignal } from '../context.ts';
import { type NodeContext, nodeOf } from './context.ts';

/** More than a century. */
const mostSeconds = 10_000_000_000;

const body = Type.Partial(
  Type.Object({
    unused_for: Type.Number({
      minimum: 0,
      maximum: mostSeconds,
      default: 0,
      description: 'Seconds: only what no container has used for so long',
    }),
  }),
);

/** POST /v1/node/NODE/cache/gc */
export function cacheCollectRoute(app: FastifyInstance, { nodes, principalOf }: NodeContext): void {
  const schema = {
    summary: "Remove everything from a node's cache that no container uses; an admin's",
    tags: ['nodes'],
    body,
    response: { 200: CacheCollection },
  };
  app.post('/v1/node/:node/cache/gc', { schema }, async (request, reply): Promise<CacheCollection> => {
    const cache = nodes.cacheOf(nodeOf(request), principalOf(request));
    const unusedForSeconds = readUnusedFor(request.body);
    const removed = await cache.collect({ unusedForSeconds, signal: abandonSignal(reply) });
    return { removed: [...removed], bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
}

/** Anything else than `unused_for` is refused: a misspelt one must not empty the whole cache. */
function readUnusedFor(given: unknown): number {
  if (given === null || given === undefined || given === '') return 0;
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new BoatLoadError('bad_json', 'The body must be a JSON object, like {"unused_for": 3600}, or nothing.');
  }
  const { unused_for: value, ...others }: Record<string, unknown> = { ...given };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    const shown = unknown.length > 60 ? `${unknown.slice(0, 60)}…` : unknown;
    throw new BoatLoadError('unknown_field', `"${shown}" is not known here: there is only unused_for, in seconds.`, {
      field: shown,
    });
  }
  if (value === null || value === undefined || value === '') return 0;
  // Number takes a blank for 0, which would empty the whole cache.
  const isNumber = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
  const seconds = isNumber ? Number(value) : Number.NaN;
  if (seconds >= 0 && seconds <= mostSeconds) return seconds;
  throw new BoatLoadError('invalid_field', 'unused_for must be a number of seconds, at least 0.', {
    field: 'unused_for',
  });
}
