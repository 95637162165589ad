import {
  BoatLoadError,
  type CallOptions,
  type ErrorCode,
  errorCodes,
  type Problem,
  type Token,
} from '@boatload/contract';

export interface ApiAddress {
  /** Of the service, with or without a slash at its end. */
  readonly url: string;
  readonly username: string;
}

export interface ApiLogin extends ApiAddress {
  readonly password: string;
  /** Gives up every call. */
  readonly signal: AbortSignal;
}

/** A logged-in caller of a service's HTTP API. What the service refuses is thrown as it says it. */
export class ApiClient {
  readonly #url: string;
  readonly #token: string;
  readonly #signal: AbortSignal;

  private constructor({ url, signal }: ApiLogin, token: string) {
    this.#url = url;
    this.#token = token;
    this.#signal = signal;
  }

  /** @throws fetch_failed where no service answers; bad_credentials, too_many_requests */
  static async logIn(login: ApiLogin): Promise<ApiClient> {
    const { username, password } = login;
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ username, password }), signal: login.signal };
    const { token } = await readJson<Token>(await send(login.url, '/api-token-auth/', init));
    return new ApiClient(login, token);
  }

  /** The JSON of an answer. */
  async json<T>(path: string, options: CallOptions = {}): Promise<T> {
    return readJson<T>(await this.#call(path, options));
  }

  /** Sends JSON, and reads what is answered. */
  async post<T>(path: string, body: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return readJson<T>(await this.#call(path, { ...options, method: 'POST', headers, body: JSON.stringify(body) }));
  }

  async delete(path: string): Promise<void> {
    const answer = await this.#call(path, { method: 'DELETE' });
    await answer.arrayBuffer();
  }

  #call(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `JWT ${this.#token}`);
    const signals = init.signal ? [this.#signal, init.signal] : [this.#signal];
    return send(this.#url, path, { ...init, headers, signal: AbortSignal.any(signals) });
  }
}

/** An answer that is a success, of what is a BoatLoad service. */
async function send(base: string, path: string, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  const url = new URL(`${base.replace(/\/+$/, '')}${path}`);
  const answer = await fetch(url, { ...init, redirect: 'manual' }).catch((cause: unknown) => {
    throw init.signal.aborted ? brokenOff(cause) : unreachable(base, cause);
  });
  const type = answer.headers.get('content-type') ?? '';
  if (answer.status === 204 || (answer.ok && type.startsWith('application/json'))) return answer;
  const text = await answer.text().catch(() => '');
  if (type.startsWith('application/problem+json')) throw errorOf(JSON.parse(text));
  throw anotherService(base, answer);
}

async function readJson<T>(answer: Response): Promise<T> {
  try {
    return JSON.parse(await answer.text());
  } catch (cause) {
    const text = `The answer of ${answer.url} broke off: try again.`;
    throw new BoatLoadError('fetch_failed', text, { cause });
  }
}

function errorOf({ code, detail }: Problem): BoatLoadError {
  return new BoatLoadError(isCode(code) ? code : 'internal', detail);
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function brokenOff(cause: unknown): BoatLoadError {
  return new BoatLoadError('shutting_down', 'Broken off: the service may still carry out what was asked.', { cause });
}

function unreachable(base: string, cause: unknown): BoatLoadError {
  const reason = reasonOf(cause);
  const text = `No BoatLoad service answers at ${base}${reason === undefined ? '' : ` (${reason})`}. Start it with "boatload up", or name where it runs with --url.`;
  return new BoatLoadError('fetch_failed', text, { field: 'url', cause });
}

/** What Node's fetch hides behind "fetch failed". */
function reasonOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return undefined;
  return 'code' in cause ? String(cause.code) : cause.message;
}

function anotherService(base: string, { status, headers }: Response): BoatLoadError {
  const location = headers.get('location');
  const what = location === null ? `HTTP ${status}` : `HTTP ${status}, it leads to ${location}`;
  const text = `What answers at ${base} is no BoatLoad service (${what}): name the right address with --url.`;
  return new BoatLoadError('fetch_failed', text, { field: 'url' });
}
