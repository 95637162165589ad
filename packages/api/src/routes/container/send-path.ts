import { BoatLoadError, DirectoryEntry, type FileStat } from '@boatload/contract';
import contentDisposition from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import mime from 'mime';
import parseRange from 'range-parser';
import { Type } from 'typebox';
import { openStream, sendHead, takeBytes } from '../../server/stream.ts';
import { untrusted } from '../../server/untrusted.ts';
import type { ResultService } from '../../services/reads/results.ts';
import type { StoredContainer } from '../../store/records.ts';
import { readOptions } from '../context.ts';

export interface SendContext {
  readonly results: ResultService;
  readonly container: StoredContainer;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const bytes = { 'application/octet-stream': { schema: Type.String({ contentEncoding: 'binary' }) } };

/** What `sendPath` answers, for the API's description. */
export const pathAnswers = {
  200: {
    description: 'The file, with the type that its name suggests; or the entries of a directory',
    content: { ...bytes, 'application/json': { schema: Type.Array(DirectoryEntry) } },
  },
  206: { description: 'The part of the file that Range asks for', content: bytes },
  304: { description: 'Unchanged since If-None-Match', type: 'null' },
};

/** Answers what is at a path: a regular file as it is or in part, a directory as JSON. */
export async function sendPath(context: SendContext, path: Uint8Array): Promise<FastifyReply> {
  const { results, container, request, reply } = context;
  const options = readOptions(request, reply);
  const stat = await results.stat(container, path, options);
  void reply.headers(untrusted);
  if (stat.type === 'directory') return reply.send(await results.list(container, path, options));
  if (stat.type !== 'file') {
    throw new BoatLoadError(
      'not_a_file',
      'The path names a device, a pipe or a socket: only regular files can be read.',
    );
  }
  return sendFile(context, stat);
}

async function sendFile(context: SendContext, stat: FileStat): Promise<FastifyReply> {
  const { request, reply } = context;
  const name = Buffer.from(stat.path).toString('utf8').split('/').at(-1) ?? '';
  const etag = `"${context.container.attempt.toString(36)}-${stat.mtime.getTime().toString(36)}-${stat.size.toString(36)}"`;
  void reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'last-modified': stat.mtime.toUTCString(),
    'content-type': mime.getType(name) ?? 'application/octet-stream',
    'content-disposition': contentDisposition(name === '' ? 'file' : name),
  });
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).removeHeader('content-type').send();
  const range = chooseRange(context, etag, stat);
  if (range === undefined) return sendBytes(context, stat, undefined);
  void reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${stat.size}`);
  return sendBytes(context, stat, range);
}

async function sendBytes(
  { results, container, request, reply }: SendContext,
  stat: FileStat,
  range: { readonly start: number; readonly end: number } | undefined,
): Promise<FastifyReply> {
  const length = range === undefined ? stat.size : range.end - range.start + 1;
  void reply.header('content-length', length);
  if (request.method === 'HEAD') return sendHead(reply);
  const options = readOptions(request, reply);
  const bytes = results.read(container, stat.path, range === undefined ? options : { ...options, range });
  return reply.send(await openStream(takeBytes(bytes, length)));
}

/** The one range that was asked for; several at once are answered with the whole file, as HTTP allows. */
function chooseRange(
  { request, reply }: SendContext,
  etag: string,
  stat: FileStat,
): { start: number; end: number } | undefined {
  const header = request.headers.range;
  const condition = request.headers['if-range'];
  const holds =
    condition === undefined || (typeof condition === 'string' && [etag, stat.mtime.toUTCString()].includes(condition));
  // RFC 9110, section 14.2: ranges are defined for GET alone.
  if (header === undefined || !holds || request.method !== 'GET') return undefined;
  const ranges = parseRange(stat.size, header);
  if (ranges === -1) {
    void reply.header('content-range', `bytes */${stat.size}`);
    throw new BoatLoadError('range_not_satisfiable', `The file has ${stat.size} bytes: the range lies behind its end.`);
  }
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
