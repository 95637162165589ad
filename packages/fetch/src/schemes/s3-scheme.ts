import { addAbortSignal, Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { readEagerly } from '../eager-body.ts';
import type { FetchLimits, S3Options } from '../fetcher-options.ts';
import { safeFileName } from '../file-name.ts';
import type { ProxyChoice } from '../http/proxies.ts';
import { TryFault } from '../try-fault.ts';
import { s3Fault, unreadAnswer } from './s3-faults.ts';
import { readS3Location } from './s3-location.ts';
import { S3Agent, sendThroughProxy } from './s3-proxy.ts';
import type { Opened, Opening, Scheme } from './scheme.ts';

export interface S3Context {
  readonly options: S3Options;
  readonly limits: FetchLimits;
  readonly proxyFor: ProxyChoice;
  /** Authorities, PEM. Absent: those that Node.js knows. */
  readonly ca?: readonly string[];
}

/** s3:, for the buckets that the operator allows. The client is loaded when it is first needed. */
export function s3Scheme(context: S3Context): Scheme {
  let client: Promise<S3> | undefined;
  return {
    protocols: ['s3:'],
    open: async (opening) => {
      const { bucket, key } = readS3Location(opening.url, context.options.buckets);
      client ??= S3.load(context);
      return await (await client).open(opening, bucket, key);
    },
    // Only the service knows whether an object was replaced.
    isFresh: () => false,
    close: async () => (await client)?.close(),
  };
}

type Library = typeof import('@aws-sdk/client-s3');

class S3 {
  readonly #library: Library;
  readonly #client: S3Client;

  private constructor(library: Library, context: S3Context) {
    this.#library = library;
    this.#client = new library.S3Client(configOf(context));
    sendThroughProxy(this.#client, context.proxyFor);
  }

  static async load(context: S3Context): Promise<S3> {
    return new S3(await import('@aws-sdk/client-s3'), context);
  }

  async open(opening: Opening, bucket: string, key: string): Promise<Opened> {
    const { resume, signal } = opening;
    const etag = resume === undefined ? knownEtag(opening) : undefined;
    const { GetObjectCommand, S3ServiceException } = this.#library;
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(resume === undefined ? {} : { Range: `bytes=${resume.offset}-`, IfMatch: resume.tag.etag }),
      ...(etag === undefined ? {} : { IfNoneMatch: etag }),
    });
    try {
      const answer = await this.#client.send(command, signal === undefined ? {} : { abortSignal: signal });
      return contentOf(opening, answer, key);
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw unreadAnswer(error);
      const isUnchanged = error.$metadata.httpStatusCode === 304 && etag !== undefined;
      if (isUnchanged && opening.memory !== undefined) return { kind: 'unchanged', memory: opening.memory };
      throw s3Fault(opening.url, error);
    }
  }

  close(): void {
    this.#client.destroy();
  }
}

function configOf({ options, limits, proxyFor, ca }: S3Context): S3ClientConfig {
  const { region = 'us-east-1', endpoint, accessKeyId, secretAccessKey } = options;
  const signing: S3ClientConfig =
    accessKeyId === undefined || secretAccessKey === undefined
      ? { credentials: { accessKeyId: '', secretAccessKey: '' }, signer: { sign: async (request) => request } }
      : { credentials: { accessKeyId, secretAccessKey } };
  return {
    ...signing,
    region,
    // Said here, so that nothing of it is taken from the environment.
    endpoint: endpoint ?? `https://s3.${region}.amazonaws.com`,
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    useArnRegion: false,
    maxAttempts: 1,
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: limits.connectMs,
      requestTimeout: limits.idleMs,
      throwOnRequestTimeout: true,
      httpsAgent: new S3Agent(proxyFor, { connectMs: limits.connectMs, ...(ca === undefined ? {} : { ca }) }),
    },
  };
}

function contentOf(opening: Opening, answer: GetObjectCommandOutput, key: string): Opened {
  const { Body: body, ETag: etag } = answer;
  if (!(body instanceof Readable)) throw new TryFault('the S3 service answered without content');
  const stream = opening.signal === undefined ? body : addAbortSignal(opening.signal, body);
  const chunks = readEagerly(stream);
  try {
    const { start, total } = rangeOf(opening, answer);
    const fileName = safeFileName(key);
    return {
      kind: 'content',
      start,
      body: chunks,
      ...(total === undefined ? {} : { total }),
      ...(etag === undefined ? {} : { resumeTag: { etag }, memory: { s3: { etag } } }),
      ...(fileName === undefined ? {} : { fileName }),
      close: async () => void stream.destroy(),
    };
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

function rangeOf(
  { resume }: Opening,
  { ContentRange: range, ContentLength: length, ETag: etag }: GetObjectCommandOutput,
): { readonly start: number; readonly total: number | undefined } {
  if (range === undefined) return { start: 0, total: length };
  const [, first, whole] = /^bytes (\d+)-\d+\/(\d+)$/.exec(range) ?? [];
  if (resume === undefined || Number(first) !== resume.offset) {
    throw new TryFault('it answered with another part than was asked for', { startOver: true });
  }
  // Not every service knows IfMatch.
  if (etag !== resume.tag.etag) throw new TryFault('its content changed between two parts', { startOver: true });
  return { start: resume.offset, total: Number(whole) };
}

function knownEtag({ memory }: Opening): string | undefined {
  const known = memory?.s3;
  if (typeof known !== 'object' || known === null || !('etag' in known)) return undefined;
  return typeof known.etag === 'string' ? known.etag : undefined;
}
