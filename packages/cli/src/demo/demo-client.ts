import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import {
  BoatLoadError,
  type Container,
  type FileChange,
  type Metrics,
  type Problem,
  type StateAnswer,
  type Token,
} from '@boatload/contract';

export interface Submission {
  /** The form's fields. */
  readonly fields: Readonly<Record<string, string>>;
  /** Paths of the form's files. */
  readonly files: Readonly<Record<string, string>>;
}

/** The demo's calls of the HTTP API, made with nothing but fetch: what any program would do. */
export class DemoClient {
  readonly #url: string;
  readonly #signal: AbortSignal;
  #token = '';

  constructor(url: string, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
  }

  async logIn(username: string, password: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ username, password });
    const { token } = await this.#json<Token>('/api-token-auth/', { method: 'POST', headers, body });
    this.#token = token;
  }

  async submit({ fields, files }: Submission): Promise<Container> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    for (const [name, path] of Object.entries(files)) form.append(name, await openAsBlob(path), basename(path));
    return this.#json('/v1/container/?strict=true', { method: 'POST', body: form });
  }

  /** What the container writes, line by line as it writes it, until it ends. */
  async *follow(id: string): AsyncGenerator<string, void, undefined> {
    const { body } = await this.#call(`/v1/container/${id}/stdout?follow=true&stream=both`);
    if (body !== null) yield* createInterface({ input: Readable.fromWeb(body), crlfDelay: Infinity });
  }

  info(id: string): Promise<Container> {
    return this.#json(`/v1/container/${id}/`);
  }

  list(): Promise<readonly Container[]> {
    return this.#json('/v1/container/');
  }

  state(id: string): Promise<StateAnswer> {
    return this.#json(`/v1/container/${id}/state`);
  }

  metrics(id: string): Promise<Metrics> {
    return this.#json(`/v1/container/${id}/metrics`);
  }

  changes(id: string): Promise<readonly FileChange[]> {
    return this.#json(`/v1/container/${id}/changes`);
  }

  async file(id: string, path: string): Promise<string> {
    return (await this.#call(`/v1/container/${id}/file${path}`)).text();
  }

  /** Everything that the container changed, as a tar. */
  async archive(id: string): Promise<Readable> {
    const { body } = await this.#call(`/v1/container/${id}/archive`);
    return body === null ? Readable.from([]) : Readable.fromWeb(body);
  }

  async remove(id: string): Promise<void> {
    await this.#call(`/v1/container/${id}/?grace=0`, { method: 'DELETE' });
  }

  /** The same calls, given up by another signal. */
  until(signal: AbortSignal): DemoClient {
    const client = new DemoClient(this.#url, signal);
    client.#token = this.#token;
    return client;
  }

  async #json<T>(path: string, init?: RequestInit): Promise<T> {
    return JSON.parse(await (await this.#call(path, init)).text());
  }

  async #call(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#token !== '') headers.set('authorization', `JWT ${this.#token}`);
    const answer = await fetch(`${this.#url}${path}`, { ...init, headers, signal: this.#signal });
    if (answer.ok) return answer;
    const problem: Problem = JSON.parse(await answer.text());
    throw new BoatLoadError('internal', `${init.method ?? 'GET'} ${path} was refused: ${problem.detail}`);
  }
}
