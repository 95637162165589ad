import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BoatLoadError, type CallOptions } from '@boatload/contract';
import { Agent, type Dispatcher, request } from 'undici';
import type { AddressPolicy } from './address-policy.ts';
import { fileNameOf } from './file-name.ts';
import { guardedConnector } from './guarded-connector.ts';

export interface FetchOptions extends CallOptions {
  /** Directory for the file. */
  readonly dir: string;
  readonly limitBytes: number;
  readonly policy: AddressPolicy;
  /** `total` is what the server announced. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
  /** Milliseconds that nothing may come for. Default 10,000 for the connection, 60,000 for head and body. */
  readonly timeouts?: { readonly connect: number; readonly idle: number };
}

export interface FetchedFile {
  /** Absolute path. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** What the server or the URL calls it. */
  readonly fileName?: string;
}

const mostRedirects = 5;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Fetches a URL (http or https) into a new file, as it comes. Each address on the way, redirects included,
 * must be allowed by the policy. A failed fetch leaves no file.
 * @throws fetch_failed, fetch_refused, fetch_too_large
 */
export async function fetchToFile(url: string, options: FetchOptions): Promise<FetchedFile> {
  const { connect, idle } = options.timeouts ?? { connect: 10_000, idle: 60_000 };
  const agent = new Agent({
    connect: guardedConnector(options.policy, connect),
    headersTimeout: idle,
    bodyTimeout: idle,
    pipelining: 1,
  });
  try {
    const response = await follow(url, agent, options.signal);
    return await save(url, response, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw convertFetchFailure(url, error);
  } finally {
    await agent.destroy();
  }
}

async function follow(url: string, agent: Agent, signal: AbortSignal | undefined): Promise<Dispatcher.ResponseData> {
  let current = parse(url, url);
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const response = await request(withoutLogin(current), {
      dispatcher: agent,
      headers: { 'accept-encoding': 'identity', accept: '*/*', 'user-agent': 'BoatLoad', ...loginOf(current) },
      ...(signal === undefined ? {} : { signal }),
    });
    const location = response.headers.location;
    if (!redirects.has(response.statusCode) || location === undefined) return response;
    await response.body.dump();
    current = parse(String(location), current.href);
  }
  throw new BoatLoadError(
    'fetch_failed',
    `${show(url)} redirects more than ${mostRedirects} times: give the final URL.`,
  );
}

function parse(location: string, base: string): URL {
  if (!URL.canParse(location, base)) {
    throw new BoatLoadError('fetch_failed', `${show(base)} leads to «${location}», which is not a URL.`);
  }
  const url = new URL(location, base);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new BoatLoadError(
    'fetch_refused',
    `${show(base)} leads to a ${url.protocol} address: only http and https are fetched.`,
  );
}

async function save(url: string, response: Dispatcher.ResponseData, options: FetchOptions): Promise<FetchedFile> {
  if (response.statusCode < 200 || response.statusCode > 299) {
    throw new BoatLoadError(
      'fetch_failed',
      `${show(url)} was answered with status ${response.statusCode}: check the URL, and that it needs no log-in.`,
    );
  }
  const announced = Number(response.headers['content-length'] ?? Number.NaN);
  const total = Number.isSafeInteger(announced) ? announced : undefined;
  if (total !== undefined && total > options.limitBytes) throw tooLarge(url, options.limitBytes);
  const file = join(options.dir, `fetch-${randomUUID()}`);
  let size = 0;
  async function* measured(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of response.body) {
      const bytes: Uint8Array = chunk;
      size += bytes.length;
      if (size > options.limitBytes) throw tooLarge(url, options.limitBytes);
      options.onProgress?.(size, total);
      yield bytes;
    }
  }
  try {
    await pipeline(measured, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  const disposition = response.headers['content-disposition'];
  const fileName = fileNameOf(url, Array.isArray(disposition) ? disposition[0] : disposition);
  return { file, size, ...(fileName === undefined ? {} : { fileName }) };
}

function tooLarge(url: string, limit: number): BoatLoadError {
  return new BoatLoadError('fetch_too_large', `${show(url)} delivers more than the limit of ${limit} bytes.`);
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed before all had come',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'there was no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'there was no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the transfer stood still',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
  ENOSPC: "the node's disk is full",
};

function convertFetchFailure(url: string, error: unknown): Error {
  if (error instanceof BoatLoadError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const reason = reasons[code] ?? (error instanceof Error && error.message !== '' ? error.message : code || 'unknown');
  return new BoatLoadError('fetch_failed', `${show(url)} could not be fetched: ${reason}.`, { cause: error });
}

/** A URL as it may be shown: without log-in and query, which may be secrets. */
function show(url: string): string {
  if (!URL.canParse(url)) return '«the URL»';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function withoutLogin(url: URL): URL {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain;
}

/** A log-in in the URL is sent to that URL's server only; a redirect does not carry it on. */
function loginOf(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}
