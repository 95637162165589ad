import { BoatLoadError, Output } from '@boatload/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { Type } from 'typebox';
import { flagParam, numberParam, type Query, timeParam, wordParam } from '../../server/query.ts';
import { openStream, sendLive } from '../../server/stream.ts';
import { untrusted } from '../../server/untrusted.ts';
import { attemptOf } from '../../services/reads/attempts.ts';
import type { OutputQuery, OutputRecord } from '../../services/reads/output.ts';
import { attemptQuery, findContainer, queryOf, type RouteContext, readOptions } from '../context.ts';
import { sendOutputEvents } from './output-event-stream.ts';
import { outputJson } from './output-json.ts';

const streams = ['stdout', 'stderr', 'both', 'stdout,stderr'] as const;
const types = ['text/plain', 'application/json', 'text/event-stream'] as const;
type OutputType = (typeof types)[number];

const querystring = Type.Partial(
  Type.Object({
    follow: Type.Boolean({
      default: false,
      description: 'Go on until the container ends; the default of an event-stream',
    }),
    tail: Type.Integer({ minimum: 0, description: 'Only the last lines' }),
    since: Type.String({ description: 'RFC 3339, or seconds since 1970' }),
    until: Type.String({ description: 'RFC 3339, or seconds since 1970' }),
    timestamps: Type.Boolean({ default: false, description: 'Each line begins with its time' }),
    stream: Type.Enum([...streams], { default: 'stdout', description: 'JSON and event-stream have both by default' }),
    attempt: attemptQuery.properties.attempt,
  }),
);

const headers = Type.Partial(
  Type.Object({
    'Last-Event-ID': Type.String({
      description: 'Id of the last event that came, like 1:42: an event-stream goes on behind it',
    }),
  }),
);

const answers = {
  'text/plain': { schema: Type.String() },
  'application/json': { schema: Output },
  'text/event-stream': {
    schema: Type.String({ description: 'Events `stdout` and `stderr`, a line each; at last `end`' }),
  },
};

/** GET /v1/container/ID/stdout */
export function stdoutRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'What the container wrote',
    description:
      'As text; as `{stdout, stderr}` for `Accept: application/json`; as numbered events for `Accept: text/event-stream`, which `Last-Event-ID` resumes.',
    tags: ['results'],
    querystring,
    produces: [...types],
    headers,
    response: { 200: { content: answers } },
  };
  app.get('/v1/container/:id/stdout', { schema }, async (request, reply) => {
    const container = await findContainer(context, request);
    const type = acceptedType(request);
    const query = readQuery(request, reply, type);
    // Asked before anything is sent: one that is not there is then answered as such.
    attemptOf(container, query.attempt);
    const { signal } = readOptions(request, reply);
    void reply.headers({ ...untrusted, vary: 'accept' });
    if (type === 'text/event-stream')
      return sendOutputEvents({ output: context.output, container, request, reply }, query);
    const timestamps = flagParam(queryOf(request), 'timestamps');
    const read = (streams: OutputQuery['streams']): AsyncIterable<OutputRecord> =>
      context.output.read(container, { ...query, streams }, signal);
    void reply.type(`${type}; charset=utf-8`);
    const body =
      type === 'application/json'
        ? outputJson((stream) => read(only(stream, query)), timestamps)
        : outputText(read(query.streams), timestamps);
    return query.follow === true ? sendLive(reply, body) : reply.send(await openStream(body));
  });
}

function acceptedType(request: FastifyRequest): OutputType {
  const wanted = new Negotiator(request).mediaType([...types]);
  const type = types.find((each) => each === wanted);
  if (type !== undefined) return type;
  throw new BoatLoadError('not_acceptable', `Output comes as ${types.join(', ')}: ask for one of them in Accept.`);
}

function readQuery(request: FastifyRequest, reply: FastifyReply, type: OutputType): OutputQuery {
  const query: Query = queryOf(request);
  const stream = wordParam(query, 'stream', streams) ?? (type === 'text/plain' ? 'stdout' : 'both');
  const tail = numberParam(query, 'tail', { min: 0, max: 1_000_000_000 });
  const [since, until] = ['since', 'until'].map((name) => timeParam(query, name));
  const { attempt } = readOptions(request, reply);
  return {
    streams: { stdout: stream !== 'stderr', stderr: stream !== 'stdout' },
    follow: query.follow === undefined ? type === 'text/event-stream' : flagParam(query, 'follow'),
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

/** One of the two streams, if it is asked for at all. */
function only(stream: OutputRecord['stream'], { streams }: OutputQuery): OutputQuery['streams'] {
  return { stdout: stream === 'stdout' && streams.stdout, stderr: stream === 'stderr' && streams.stderr };
}

async function* outputText(records: AsyncIterable<OutputRecord>, timestamps: boolean): AsyncGenerator<Uint8Array> {
  let lineStart = true;
  for await (const { at, data } of records) {
    if (timestamps && lineStart) yield Buffer.from(`${at} `);
    yield data;
    lineStart = data.at(-1) === 0x0a;
  }
}
