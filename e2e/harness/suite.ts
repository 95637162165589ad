import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from '@boatload/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, logIn } from './client.ts';
import { type EngineView, labelOf, viewEngine } from './engine.ts';
import { filesBelow } from './files-below.ts';
import type { RunningService } from './service.ts';
import { until } from './until.ts';
import { startWebServer, type WebServer } from './web-server.ts';

/** What the tests of a suite share. */
export interface SuiteParts {
  readonly service: RunningService;
  readonly client: Client;
  readonly engine: EngineView;
  /** Reached by the service, on loopback. */
  readonly web: WebServer;
  /** Reached by containers. */
  readonly signals: WebServer;
}

/** One service for all suites of a test file, one after the other; it is stopped after the last of them. */
export function shareService(start: () => Promise<RunningService>): () => Promise<RunningService> {
  let shared: Promise<RunningService> | undefined;
  afterAll(async () => (await shared)?.[Symbol.asyncDispose]());
  return async () => {
    shared ??= start();
    return { ...(await shared), [Symbol.asyncDispose]: async () => undefined };
  };
}

/** Starts a service before the tests of a suite and stops it after them. What it gives is for hooks and tests. */
export function useService(start: () => Promise<RunningService>): () => SuiteParts {
  const opened: AsyncDisposable[] = [];
  let parts: SuiteParts | undefined;
  const use = <T extends AsyncDisposable>(resource: T): T => {
    opened.push(resource);
    return resource;
  };
  beforeAll(async () => {
    const service = use(await start());
    const engine = use(viewEngine());
    const web = use(await startWebServer());
    const signals = use(await startWebServer(await engine.gateway()));
    parts = { service, engine, web, signals, client: await logIn(service.url) };
  });
  afterAll(async () => {
    for (const resource of opened.reverse()) await resource[Symbol.asyncDispose]();
  });
  return () => {
    if (parts === undefined) throw new Error('the service was not started');
    return parts;
  };
}

/** The last promise of every suite: deletes all containers and looks for what they left. */
export function promiseNothingLeft(parts: () => SuiteParts): void {
  test('after DELETE nothing is left: no container, volume, file or row', async () => {
    const { client, engine, service } = parts();
    const probe = await client.submit({ script: 'exit 0' });
    const { node } = await client.ended(probe.id);
    const instance = `io.boatload.instance=${await engine.labelValue(labelOf(probe.id), 'io.boatload.instance')}`;
    expect(await engine.containersOf(instance)).not.toEqual([]);
    const all = await client.json<Container[]>('/v1/container/');
    await Promise.all(all.map(({ id }) => client.remove(id)));
    expect(await client.json('/v1/container/')).toEqual([]);
    expect(await engine.containersOf(instance)).toEqual([]);
    expect(await engine.volumesOf(instance)).toEqual([]);
    expect(await filesBelow(join(service.dataDir, 'blobs'))).toEqual([]);
    const state = join(service.dataDir, 'satellite');
    expect((await readdir(state)).toSorted()).toEqual(['attempts', 'cache', 'tmp']);
    expect(await readdir(join(state, 'attempts'))).toEqual([]);
    expect(await readdir(join(state, 'tmp'))).toEqual([]);
    // What URLs brought stays on purpose, for the next container that wants it, until the room is needed or it is cleared.
    await client.json(`/v1/node/${node}/cache/gc`, { method: 'POST' });
    expect(await client.json(`/v1/node/${node}/cache/`)).toEqual([]);
    // Nobody waits for the files of what was removed from the cache: large trees take long.
    await until(
      () => filesBelow(join(state, 'cache')),
      (files) => files.length === 0,
      'the cache to have no file left',
    );
  });
}
