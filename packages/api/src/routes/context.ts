import type { Principal, Progress } from '@boatload/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { ServiceLimits } from '../config.ts';
import { numberParam, type Query } from '../server/query.ts';
import type { ContainerService } from '../services/containers.ts';
import type { EventService } from '../services/events/events.ts';
import type { OutputService } from '../services/reads/output.ts';
import type { ResultService } from '../services/reads/results.ts';
import type { SubmitService } from '../services/submit/submit.ts';
import type { StoredContainer } from '../store/records.ts';

/** The services behind the routes. */
export interface RouteContext {
  readonly submit: SubmitService;
  readonly containers: ContainerService;
  readonly results: ResultService;
  readonly output: OutputService;
  readonly events: EventService;
  readonly blobs: BlobStore;
  readonly limits: ServiceLimits;
  /** How far the staging of a container is. */
  readonly progress: (id: string) => Progress | undefined;
  /** Finds who asks; throws where nobody is logged in. */
  readonly principalOf: (request: FastifyRequest) => Principal;
}

/** The query of a request: Fastify has parsed it, our own functions check it. */
export function queryOf(request: FastifyRequest): Query {
  return request.query as Query;
}

/** The path parameter `id`. */
export function idOf(request: FastifyRequest): string {
  return (request.params as { readonly id: string }).id;
}

/** The container that a request names, if it is the caller's. */
export function findContainer(context: RouteContext, request: FastifyRequest): Promise<StoredContainer> {
  return context.containers.find(idOf(request), context.principalOf(request));
}

/** The query that `readOptions` reads. */
export const attemptQuery = Type.Partial(
  Type.Object({ attempt: Type.Integer({ minimum: 1, description: 'Number of the attempt. Default: the last one' }) }),
);

/** What every read takes: which attempt, and the end of the client's patience. */
export function readOptions(request: FastifyRequest, reply: FastifyReply): { attempt?: number; signal: AbortSignal } {
  const attempt = numberParam(queryOf(request), 'attempt', { min: 1, max: 1_000_000 });
  const signal = abandonSignal(reply);
  return attempt === undefined ? { signal } : { attempt, signal };
}

const abandonSignals = new WeakMap<FastifyReply, AbortSignal>();

/** Aborted when the client goes away before the answer is complete. */
export function abandonSignal(reply: FastifyReply): AbortSignal {
  const known = abandonSignals.get(reply);
  if (known !== undefined) return known;
  const abandoned = new AbortController();
  abandonSignals.set(reply, abandoned.signal);
  // Whoever went away before the handler was reached has had its `close` already.
  if (reply.raw.destroyed) abandoned.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abandoned.abort();
  });
  return abandoned.signal;
}
