import { pbkdf2Sync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Client, logIn, readProblem } from '../harness/client.ts';
import { type EngineView, labelOf, viewEngine } from '../harness/engine.ts';
import { freePort } from '../harness/free-port.ts';
import { type RunningService, type ServiceOptions, startService } from '../harness/service.ts';
import { until } from '../harness/until.ts';
import { startWebServer, type WebServer } from '../harness/web-server.ts';

/** How long the service may take to end, and all that it takes to be found running again. */
const longestStop = 5_000;

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('ends the service within 5 s and leaves containers alone; the next start tells them right', async () => {
    await using engine = viewEngine();
    await using web = await startWebServer();
    await using gates = await startWebServer(await engine.gateway());
    const options = { dataDir: await makeFolder(), port: await freePort() };
    const first = await start(options);
    const client = await logIn(first.url);
    const ids = await submitAll(client, { web, gates });
    const started = await client.info(ids.goesOn);
    const followed = client.text(`/v1/container/${ids.goesOn}/stdout?follow`).catch(() => 'cut');

    const began = performance.now();
    const code = await first.stop(signal);
    expect(performance.now() - began).toBeLessThan(longestStop);
    expect(code).toBe(0);
    expect(await followed).toBe('cut');
    for (const id of [ids.goesOn, ids.ends, ids.restarts, ids.vanishes]) {
      expect(await engine.runningOf(labelOf(id))).toHaveLength(1);
    }

    gates.serve('/ends', '');
    await until(
      async () => engine.runningOf(labelOf(ids.ends)),
      (running) => running.length === 0,
      'the end of one',
    );
    await engine.removeContainersOf(labelOf(ids.vanishes));
    web.serve('/held', 'held');

    await start(options);
    const again = await logIn(first.url);
    await expectAllFound(again, ids);
    expect((await again.info(ids.goesOn)).started_at).toBe(started.started_at);
    gates.serve('/goes-on', '');
    expect(await again.ended(ids.goesOn)).toMatchObject({ state: 'exited', exit_code: 0, attempt: 1 });
    expect(await again.text(`/v1/container/${ids.goesOn}/stdout`)).toBe('began\nwent on\n');
    await removeAll(again, engine, Object.values(ids));
  });
});

interface Ids {
  readonly goesOn: string;
  readonly ends: string;
  readonly vanishes: string;
  readonly restarts: string;
  readonly wasOver: string;
  readonly isStaged: string;
}

async function submitAll(client: Client, { web, gates }: { web: WebServer; gates: WebServer }): Promise<Ids> {
  const submit = async (fields: Record<string, unknown>): Promise<string> => (await client.submit(fields)).id;
  const [goesOn, ends, vanishes, restarts, wasOver, isStaged] = await Promise.all([
    submit({ script: `echo began; ${gates.fetchCommand('/goes-on')}; echo went on` }),
    submit({ script: `echo began; ${gates.fetchCommand('/ends')}; exit 3` }),
    submit({ script: '#!/bin/sh\necho began\nexec sleep 3600\n' }),
    submit({ script: '#!/bin/sh\necho began\nexec sleep 3600\n', restart: 'always' }),
    submit({ script: 'exit 4' }),
    submit({ script: 'cat held', dataurl: web.urlOf('/held') }),
  ]);
  await Promise.all([goesOn, ends, vanishes, restarts].map((id) => client.printed(id, 'began')));
  await client.ended(wasOver);
  await until(
    async () => web.requests('/held'),
    (requests) => requests > 0,
    'the data to be asked for',
  );
  return { goesOn, ends, vanishes, restarts, wasOver, isStaged };
}

async function expectAllFound(client: Client, ids: Ids): Promise<void> {
  expect(await client.reached(ids.goesOn, 'running')).toMatchObject({ attempt: 1 });
  expect(await client.ended(ids.ends)).toMatchObject({ state: 'exited', exit_code: 3, attempt: 1 });
  const lost = await client.ended(ids.vanishes);
  expect(lost).toMatchObject({ state: 'lost', reason_code: 'lost', exit_code: null });
  expect(lost.reason).toMatch(/gone/);
  expect(await client.info(ids.restarts)).toMatchObject({ state: 'running', attempt: 1 });
  expect(await client.info(ids.wasOver)).toMatchObject({ state: 'exited', exit_code: 4 });
  expect(await client.ended(ids.isStaged)).toMatchObject({ state: 'exited', exit_code: 0, attempt: 1 });
  expect(await client.text(`/v1/container/${ids.isStaged}/stdout`)).toBe('held');
  expect(await client.text(`/v1/container/${ids.ends}/stdout`)).toBe('began\n');
  expect(await client.state(ids.vanishes)).toMatchObject({ state: 'lost', fleet_state: { activeState: 'failed' } });
  for (const path of ['stdout', 'changes', 'file/etc/passwd', 'archive']) {
    const problem = await readProblem(await client.call(`/v1/container/${ids.vanishes}/${path}`));
    expect(problem, path).toMatchObject({ status: 404, detail: expect.stringMatching(/gone/) });
  }
}

async function removeAll(client: Client, engine: EngineView, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => client.remove(id)));
  for (const id of ids) {
    expect(await engine.containersOf(labelOf(id))).toEqual([]);
    expect(await engine.volumesOf(labelOf(id))).toEqual([]);
  }
}

test('a container that vanishes while the service runs has ended, and asking for it is no fault', async () => {
  await using engine = viewEngine();
  const service = await start();
  const client = await logIn(service.url);
  const { id } = await client.submit({ script: '#!/bin/sh\nexec sleep 3600\n' });
  await client.reached(id, 'running');
  await engine.removeContainersOf(labelOf(id));
  expect(['exited', 'lost']).toContain((await client.ended(id)).state);
  for (const path of ['', '/state', '/stdout', '/metrics', '/changes', '/file', '/file/etc/passwd', '/archive']) {
    const { status } = await client.call(`/v1/container/${id}${path}`);
    expect([200, 404], path).toContain(status);
  }
  await client.remove(id);
  expect(await engine.volumesOf(labelOf(id))).toEqual([]);
});

describe('a start that cannot be', () => {
  let running: RunningService;
  beforeAll(async () => {
    running = await startService();
  });
  afterAll(() => running[Symbol.asyncDispose]());

  test('on a port that is taken, ends with 1 and says what to do', async () => {
    const { port } = running;
    await expect(startService({ port })).rejects.toThrow(
      new RegExp(`ended with 1:(?:.|\\n)*cannot listen on 127\\.0\\.0\\.1:${port}(?:.|\\n)*--port`),
    );
  });

  test('on a data folder that another service uses, ends with 1 and says so', async () => {
    const { dataDir } = running;
    await expect(startService({ dataDir })).rejects.toThrow(/ended with 1:(?:.|\n)*Another BoatLoad/);
  });

  test('off loopback with the default password, ends with 1 and says how to set one', async () => {
    await expect(startService({ args: ['--host', '0.0.0.0'] })).rejects.toThrow(/ended with 1:(?:.|\n)*ADMINHASH/);
  });
});

test('with a password of your own the service answers on every address, and admin/admin is over', async () => {
  const key = pbkdf2Sync('correct horse', 'salt', 1_000, 32, 'sha256').toString('base64');
  const env = { ADMINHASH: `pbkdf2_sha256$1000$salt$${key}` };
  const { port } = await start({ args: ['--host', '0.0.0.0'], env });
  const url = `http://127.0.0.1:${port}`;
  const client = await logIn(url, 'admin', 'correct horse');
  expect(await client.json('/v1/container/')).toEqual([]);
  await expect(logIn(url)).rejects.toThrow(/400/);
});

/** Started for one test, and ended with it. */
async function start(options?: ServiceOptions): Promise<RunningService> {
  const service = await startService(options);
  onTestFinished(() => service[Symbol.asyncDispose]());
  return service;
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'boatload-lifecycle-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
