import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve, type TestServer } from './http-server.ts';

export const accessKeyId = 'AKIDEXAMPLE';
export const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

export interface S3Object {
  content: Buffer;
  /** Given out without a log-in. */
  readonly isPublic?: boolean;
  /** How many answers stop in their middle. */
  cuts?: number;
  /** How many requests are answered «slow down». */
  busy?: number;
  /** As some services do. */
  readonly ignoresIfMatch?: boolean;
}

export interface S3Server extends TestServer {
  /** By `bucket/key`. */
  readonly objects: Map<string, S3Object>;
  readonly seen: readonly IncomingMessage[];
  /** Answers a request that came to another server. */
  answer(request: IncomingMessage, response: ServerResponse): unknown;
}

/**
 * A stand-in for an S3 service, from Amazon's documentation: GetObject with Range, If-Match and If-None-Match (S3 API
 * reference, GetObject), its error documents (Error responses), path-style addresses, and Signature Version 4 in the
 * Authorization header (Authenticating requests), which it computes by itself and compares.
 */
export async function serveS3(buckets: readonly string[]): Promise<S3Server> {
  const objects = new Map<string, S3Object>();
  const seen: IncomingMessage[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): unknown => {
    seen.push(request);
    const name = decodeURIComponent((request.url ?? '').split('?')[0] ?? '').slice(1);
    const object = objects.get(name);
    if (object?.isPublic !== true || request.headers.authorization !== undefined) {
      const fault = checkSignature(request);
      if (fault !== undefined) return fail(response, 403, fault);
    }
    if (name.endsWith('/forbidden')) return fail(response, 403, 'AccessDenied');
    if (!buckets.includes(name.split('/')[0] ?? '')) return fail(response, 404, 'NoSuchBucket');
    if (object === undefined) return fail(response, 404, 'NoSuchKey');
    return give(request, response, object);
  };
  return { ...(await serve(answer)), objects, seen, answer };
}

function give(request: IncomingMessage, response: ServerResponse, object: S3Object): unknown {
  const { content } = object;
  const etag = `"${createHash('md5').update(content).digest('hex')}"`;
  const { range, 'if-match': wanted, 'if-none-match': known } = request.headers;
  if ((object.busy ?? 0) > 0) {
    object.busy = (object.busy ?? 0) - 1;
    return fail(response, 503, 'SlowDown');
  }
  if (object.ignoresIfMatch !== true && wanted !== undefined && wanted !== etag)
    return fail(response, 412, 'PreconditionFailed');
  if (known === etag) return response.writeHead(304, { etag }).end();
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (start > 0 && start >= content.length) return fail(response, 416, 'InvalidRange');
  response.writeHead(range === undefined ? 200 : 206, {
    etag,
    'content-length': content.length - start,
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
  });
  if ((object.cuts ?? 0) === 0) return response.end(content.subarray(start));
  object.cuts = (object.cuts ?? 0) - 1;
  const middle = start + Math.ceil((content.length - start) / 2);
  return response.write(content.subarray(start, middle), () => response.socket?.end());
}

function fail(response: ServerResponse, status: number, code: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>no</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
}

function checkSignature(request: IncomingMessage): string | undefined {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/[^/]+\/s3\/aws4_request), SignedHeaders=([^,]+), Signature=(\w{64})$/;
  const [, key, scope = '', signed = '', signature] = form.exec(request.headers.authorization ?? '') ?? [];
  if (key === undefined) return 'AccessDenied';
  if (key !== accessKeyId) return 'InvalidAccessKeyId';
  const names = signed.split(';');
  if (!names.includes('host') || !names.includes('x-amz-date')) return 'SignatureDoesNotMatch';
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const canonical = [
    request.method,
    path,
    query.split('&').sort().join('&'),
    ...names.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signed,
    request.headers['x-amz-content-sha256'],
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, digest].join('\n');
  const signingKey = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(signingKey, toSign).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
