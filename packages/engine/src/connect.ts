import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { type EngineAddress, type EngineOptions, parseEngineHost } from './engine-options.ts';
import { EngineResponse } from './engine-response.ts';
import { convertConnectionError, convertRefusal } from './errors.ts';

export type QueryValue = string | number | boolean | undefined;

export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** From `/`, without a version, already percent-encoded: it is sent as it is, so that any byte can be named. */
  readonly path: string;
  /** Encoded here; undefined is left out. A path that needs other bytes than UTF-8 as a value carries it itself. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it comes, with backpressure. An error of the source is what the request then fails with. */
  readonly body?: AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Connects to an Engine. Nothing is sent before the first request. */
export function connectEngine(options: EngineOptions = {}): Engine {
  return new Engine(parseEngineHost(options));
}

/**
 * A Docker Engine, or what speaks its API. Requests carry no API version, so that the oldest and the newest
 * Engine both answer with what they have. Connections are kept and used again.
 */
export class Engine implements AsyncDisposable {
  readonly #address: EngineAddress;
  readonly #agent: Agent;

  constructor(address: EngineAddress) {
    this.#address = address;
    const keep = { keepAlive: true, maxFreeSockets: 16 };
    this.#agent = address.tls === undefined ? new Agent(keep) : new TlsAgent({ ...keep, ...tlsOptions(address.tls) });
  }

  /**
   * Sends one request and gives back the answer's head with its body to be read.
   * @throws engine_unavailable when the Engine cannot be reached or the connection breaks
   * @throws engine_error when the answer's status is 400 or more; `refusalOf` tells the status
   */
  async request(request: EngineRequest): Promise<EngineResponse> {
    const message = await this.#send(request);
    // An answer to HEAD has no body, but its connection is only free again once that was noticed.
    if (request.method === 'HEAD') message.resume();
    const response = new EngineResponse(message, request.signal);
    if (response.status < 400) return response;
    const text = await response.text();
    throw convertRefusal(`${request.method} ${request.path}`, response.status, reasonIn(text, message));
  }

  /** Sends one request and gives back the answer's JSON, undefined if its body is empty. */
  async json(request: EngineRequest): Promise<unknown> {
    const text = await (await this.request(request)).text();
    return text === '' ? undefined : JSON.parse(text);
  }

  close(): void {
    this.#agent.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #send(request: EngineRequest): Promise<IncomingMessage> {
    // An Engine that was restarted closed every kept connection: each fails once and is kept no more.
    for (;;) {
      request.signal?.throwIfAborted();
      try {
        return await this.#exchange(request);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!(error instanceof StaleConnection)) throw error;
      }
    }
  }

  #exchange(request: EngineRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#open(request);
      let bodyError: unknown;
      outgoing.once('response', resolve);
      // Stays for errors after the response too: those reach the reader through the body.
      outgoing.on('error', (error) => reject(bodyError ?? failureOf(request, outgoing, error)));
      if (request.body === undefined) {
        outgoing.end(request.json === undefined ? undefined : JSON.stringify(request.json));
        return;
      }
      pipeline(
        remember(request.body, (error) => (bodyError = error)),
        outgoing,
      ).catch((error: unknown) => {
        reject(bodyError ?? convertConnectionError(error));
      });
    });
  }

  #open(request: EngineRequest): ClientRequest {
    const { prefix, tls, ...target } = this.#address;
    const options: RequestOptions = {
      ...target,
      agent: this.#agent,
      method: request.method,
      path: `${prefix}${request.path}${queryString(request.query)}`,
      headers: { Host: 'docker', ...contentHeaders(request), ...request.headers },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
    return tls === undefined ? httpRequest(options) : httpsRequest(options);
  }
}

/** A kept connection that the Engine had closed before the request reached it. */
class StaleConnection extends Error {}

function failureOf(request: EngineRequest, outgoing: ClientRequest, error: Error): Error {
  const repeatable = request.method === 'GET' || request.method === 'HEAD';
  const broken = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
  return repeatable && broken && outgoing.reusedSocket ? new StaleConnection() : convertConnectionError(error);
}

async function* remember(
  source: AsyncIterable<Uint8Array>,
  note: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    note(error);
    throw error;
  }
}

function contentHeaders(request: EngineRequest): Record<string, string | number> {
  if (request.body !== undefined) return { 'Content-Type': 'application/x-tar' };
  if (request.json === undefined) return request.method === 'POST' ? { 'Content-Length': 0 } : {};
  return { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(JSON.stringify(request.json)) };
}

function queryString(query: EngineRequest['query']): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(key, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function reasonIn(text: string, message: IncomingMessage): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed && typeof parsed.message === 'string') {
      return parsed.message;
    }
  } catch {
    // Not JSON: a proxy in between, or an empty answer to HEAD.
  }
  return text.trim() || message.statusMessage || `status ${message.statusCode}`;
}

function tlsOptions(tls: NonNullable<EngineAddress['tls']>): Record<string, unknown> {
  const { verify = true, ...material } = tls;
  return { ...material, rejectUnauthorized: verify };
}
