import type { Container, Problem, StateAnswer } from '@boatload/contract';
import { until } from './until.ts';

/** A logged-in caller of the HTTP API, with nothing but fetch: what any user's program does. */
export interface Client {
  readonly url: string;
  readonly token: string;
  /** A request to a path below the service, with the log-in. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** The JSON of an answer that must be a success. */
  json<T>(path: string, init?: RequestInit): Promise<T>;
  /** The text of an answer that must be a success. */
  text(path: string, init?: RequestInit): Promise<string>;
  /** Submits JSON, with the script given as text or bytes. */
  submit(fields: Record<string, unknown>): Promise<Container>;
  /** Submits a multipart form. */
  submitForm(fields: Record<string, string>, files: Record<string, FormFile>): Promise<Container>;
  info(id: string): Promise<Container>;
  state(id: string): Promise<StateAnswer>;
  /** Waits until the container has come to its end. */
  ended(id: string): Promise<Container>;
  /** Waits until its output has a text, and answers the whole output. */
  printed(id: string, text: string): Promise<string>;
  /** Waits until it is in a state. */
  reached(id: string, state: Container['state']): Promise<Container>;
  remove(id: string): Promise<void>;
}

export interface FormFile {
  readonly name: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
}

/** The image that set-up builds: node, a shell and the usual tools. */
export const sampleImage = { image_name: 'boatload/sample', image_tag: 'latest', pull: 'never' } as const;

const finals: readonly string[] = ['exited', 'failed', 'lost'];

/** Logs in at a service. */
export async function logIn(url: string, username = 'admin', password = 'admin'): Promise<Client> {
  const answer = await fetch(`${url}/api-token-auth/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  const { token } = await readJson<{ token: string }>(answer);
  return new HttpClient(url, token);
}

class HttpClient implements Client {
  readonly url: string;
  readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  call(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `JWT ${this.token}`);
    return fetch(`${this.url}${path}`, { ...init, headers });
  }

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    return readJson<T>(await this.call(path, init));
  }

  async text(path: string, init?: RequestInit): Promise<string> {
    const answer = await this.call(path, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  }

  submit({ script, ...fields }: Record<string, unknown>): Promise<Container> {
    const given = typeof script === 'string' || script instanceof Uint8Array;
    const encoded = given ? { script: Buffer.from(script).toString('base64') } : {};
    return this.json('/v1/container/?strict=true', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...sampleImage, ...fields, ...encoded }),
    });
  }

  submitForm(fields: Record<string, string>, files: Record<string, FormFile>): Promise<Container> {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...sampleImage, ...fields })) form.append(name, value);
    for (const [name, file] of Object.entries(files)) form.append(name, new Blob([file.content]), file.name);
    return this.json('/v1/container/?strict=true', { method: 'POST', body: form });
  }

  info(id: string): Promise<Container> {
    return this.json(`/v1/container/${id}/`);
  }

  state(id: string): Promise<StateAnswer> {
    return this.json(`/v1/container/${id}/state`);
  }

  ended(id: string): Promise<Container> {
    return until(
      () => this.info(id),
      ({ state }) => finals.includes(state),
      `${id} to end`,
    );
  }

  printed(id: string, text: string): Promise<string> {
    return until(
      () => this.text(`/v1/container/${id}/stdout`),
      (output) => output.includes(text),
      `${id} to print ${text}`,
    );
  }

  reached(id: string, wanted: Container['state']): Promise<Container> {
    return until(
      () => this.info(id),
      (container) => {
        if (finals.includes(container.state) && container.state !== wanted) {
          throw new Error(`${id} is ${container.state} (${container.reason}), not ${wanted}`);
        }
        return container.state === wanted;
      },
      `${id} to be ${wanted}`,
    );
  }

  async remove(id: string): Promise<void> {
    const answer = await this.call(`/v1/container/${id}/`, { method: 'DELETE' });
    if (answer.status !== 204) throw new Error(`DELETE ${id}: ${answer.status} ${await answer.text()}`);
  }
}

/** Deletes all of a user's containers, so that a test leaves none when its service is gone. */
export async function removeAll(client: Client): Promise<void> {
  const all = await client.json<Container[]>('/v1/container/');
  await Promise.all(all.map(({ id }) => client.remove(id)));
}

/** The problem document of an answer that must be a refusal. */
export async function readProblem(answer: Response): Promise<Problem> {
  const type = answer.headers.get('content-type') ?? '';
  if (answer.ok || !type.startsWith('application/problem+json')) {
    throw new Error(`${answer.url}: not a problem but ${answer.status} ${type}`);
  }
  return readJson(answer, false);
}

async function readJson<T>(answer: Response, mustSucceed = true): Promise<T> {
  const text = await answer.text();
  if (mustSucceed && !answer.ok) throw new Error(`${answer.url}: ${answer.status} ${text}`);
  return JSON.parse(text);
}
