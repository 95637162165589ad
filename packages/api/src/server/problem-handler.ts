import { BoatLoadError, type ErrorCode, isAbort, problemOf } from '@boatload/contract';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** Fastify's and its plugins' own errors, by their code, as ours. */
const foreign: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad_json', 'The body is not valid JSON: check quotes, commas and brackets.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad_json', 'The body is empty, but its content type says JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_json', 'The body is shorter or longer than its Content-Length says.'],
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'body_too_large',
    'The body is too large: send script and data as files of a multipart form.',
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'Send application/json, multipart/form-data or application/x-www-form-urlencoded.',
  ],
  FST_ERR_BAD_URL: ['invalid_query', 'The URL is not valid: a "%" must be followed by two hex digits.'],
  FST_FILES_LIMIT: ['bad_multipart', 'The form has too many files.'],
  FST_FIELDS_LIMIT: ['bad_multipart', 'The form has too many fields.'],
  FST_PARTS_LIMIT: ['bad_multipart', 'The form has too many parts.'],
  FST_PROTO_VIOLATION: ['bad_multipart', 'The form has a field with a forbidden name.'],
  FST_INVALID_JSON_FIELD_ERROR: ['bad_json', 'A field of the form says that it is JSON, but it is not valid.'],
  FST_INVALID_MULTIPART_CONTENT_TYPE: ['bad_multipart', 'The form has no boundary in its content type.'],
  FST_MP_PREMATURE_CLOSE: ['bad_multipart', 'The form ended before its last boundary.'],
};

/** Answers every error as a problem document. What is our fault is logged here, once, and not told. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (reply.raw.destroyed) {
    if (!isAbort(error)) request.log.info({ err: error }, 'the client went away before its answer');
    return reply;
  }
  const known = convertError(error, request);
  if (known.status >= 500) request.log.error({ err: error }, known.code === 'internal' ? 'fault' : 'request failed');
  if (known.status === 401) void reply.header('www-authenticate', 'JWT realm="api"');
  for (const name of contentHeaders) {
    if (name !== 'content-range' || known.status !== 416) void reply.removeHeader(name);
  }
  readToEnd(request, reply);
  return reply
    .code(known.status)
    .type('application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(problemOf(known, request.id));
}

/** Said of the content that was to be sent, not of the problem that is sent in its place. */
const contentHeaders = [
  'content-length',
  'content-range',
  'content-disposition',
  'accept-ranges',
  'etag',
  'last-modified',
] as const;

/**
 * Lets what still comes of a refused body go by. A client that is still sending when the connection closes may
 * never see the answer; and where it stays open, the next request stands behind the rest of this one.
 */
function readToEnd({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.complete) return;
  void reply.removeHeader('connection');
  raw.unpipe().resume();
}

/** Any error as one of ours. */
function convertError(error: unknown, request: FastifyRequest): BoatLoadError {
  if (error instanceof BoatLoadError) return error;
  const [code, message] = foreign[codeOf(error)] ?? [];
  if (code !== undefined && message !== undefined) return new BoatLoadError(code, message, { cause: error });
  if (request.isMultipart() && isParserError(error)) {
    return new BoatLoadError('bad_multipart', 'The multipart body is broken: check its boundary and its end.', {
      cause: error,
    });
  }
  const detail = `BoatLoad ran into a fault of its own. The log has it under ${request.id}.`;
  return new BoatLoadError('internal', detail, { cause: error });
}

function codeOf(error: unknown): string {
  const { code }: Partial<FastifyError> = error instanceof Error ? error : {};
  return code ?? '';
}

/** The multipart parser throws plain errors, all with such a message. */
function isParserError(error: unknown): boolean {
  return (
    error instanceof Error &&
    /multipart|boundary|part header|end of (?:multipart|form|data)|header/i.test(error.message)
  );
}
