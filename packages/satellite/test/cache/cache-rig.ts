import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { BlobSource, Source } from '@boatload/contract';
import { encodeTarHeader, tarEnd, tarPadding } from '@boatload/engine';
import { createFetcher } from '@boatload/fetch';
import { type DataCacheOptions, openDataCache } from '../../src/cache/open-data-cache.ts';
import type { DataCache, TreeWish } from '../../src/cache/port.ts';
import { silentLog } from '../../src/satellite-log.ts';
import { defaultLimits } from '../../src/staging/limits.ts';
import { serve } from '../harness/http-server.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

/** A real server, and a directory in which caches are opened one after the other. */
export interface CacheRig extends AsyncDisposable {
  readonly directory: string;
  /** Every request that came: path, and status of the answer. */
  readonly requests: readonly string[];
  /** What uploads there are, by digest; `opened` counts. */
  readonly uploads: Map<string, Buffer>;
  readonly opened: { count: number };
  source(path: string): Extract<Source, { kind: 'url' }>;
  upload(content: Buffer | string): Extract<Source, { kind: 'blob' }>;
  open(options?: Partial<DataCacheOptions>): Promise<DataCache>;
  /** The names of what lies below a folder of the cache. */
  names(folder: 'entries' | 'tmp' | 'urls'): Promise<readonly string[]>;
}

export async function openRig(answer: RequestListener): Promise<CacheRig> {
  const temporary = await makeTemporaryDirectory();
  const directory = join(temporary.path, 'cache');
  const requests: string[] = [];
  const server = await serve((request, response) => {
    response.once('close', () => requests.push(`${request.url} ${response.statusCode}`));
    answer(request, response);
  });
  const fetcher = createFetcher({ policy: { allow: ['127.0.0.0/8'] }, limits: { retries: 0, firstPauseMs: 1 } });
  const uploads = new Map<string, Buffer>();
  const opened = { count: 0 };
  const blobs: BlobSource = {
    async *open(digest) {
      opened.count += 1;
      yield uploads.get(digest) ?? Buffer.alloc(0);
    },
  };
  return {
    directory,
    requests,
    uploads,
    opened,
    source: (path) => ({ kind: 'url', url: `${server.url}${path}` }),
    upload(content) {
      const bytes = Buffer.from(content);
      uploads.set(sha256(bytes), bytes);
      return { kind: 'blob', digest: sha256(bytes), size: bytes.length };
    },
    open: (options = {}) =>
      openDataCache({
        node: 'here',
        directory,
        fetcher,
        blobs,
        limits: defaultLimits,
        holders: new Map(),
        trees: true,
        log: silentLog,
        ...options,
      }),
    names: (folder) => readdir(join(directory, folder)),
    async [Symbol.asyncDispose]() {
      await fetcher[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

/** A wish of an attempt that has no others. */
export function wish(holder: string, rest: Partial<TreeWish> = {}): TreeWish {
  return {
    holder,
    limitBytes: 10_000_000,
    onProgress: () => undefined,
    owner: async () => ({ uid: 1000, gid: 1000 }),
    unpack: true,
    ...rest,
  };
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A tar of files. */
export function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([path, content]) => [
    encodeTarHeader({
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: new Date(0),
      size: content.length,
      path: Buffer.from(path),
    }),
    Buffer.from(content),
    tarPadding(content.length),
  ]);
  return Buffer.concat([...parts, tarEnd]);
}

/** Answers with what there is now, which has an ETag, and with 304 where the asker has it. */
export function answerWith(
  content: () => Buffer | string,
  headers: Readonly<Record<string, string>> = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const bytes = Buffer.from(content());
    const etag = `"${sha256(bytes).slice(0, 8)}"`;
    const isKnown = request.headers['if-none-match'] === etag;
    response.writeHead(isKnown ? 304 : 200, {
      etag,
      ...headers,
      ...(isKnown ? {} : { 'content-length': bytes.length }),
    });
    response.end(isKnown ? undefined : bytes);
  };
}

/** What tests wait for. */
export function makeGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
