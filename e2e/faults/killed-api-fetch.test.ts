import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Client, sampleImage } from '../harness/client.ts';
import { viewEngine } from '../harness/engine.ts';
import { filesBelow } from '../harness/files-below.ts';
import { freePort } from '../harness/free-port.ts';
import { MortalService } from '../harness/mortal-service.ts';
import { until } from '../harness/until.ts';

const kills = Math.min(Number(process.env.BOATLOAD_TEST_STAGING_KILLS ?? 3), 12);
const pieces = 20;
const piece = `${'0123456789abcdef'.repeat(256)}\n`;

/** In the middle of the fetch; when all was sent, kept or not; when it is kept, before the start or behind it. */
const moments = ['middle', 'sent', 'kept'] as const;
type Moment = (typeof moments)[number];

test(`${kills} times SIGKILL while the service fetches for its node and behind that: fetched once more at most, whole, and nothing is left`, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'boatload-kill-'));
  await using engine = viewEngine();
  await using server = await startSlowServer();
  const service = new MortalService(dataDir, await freePort());
  const rounds = Array.from({ length: kills }, (_, round) => ({
    path: `/${round}.txt`,
    moment: moments[round % moments.length] ?? 'middle',
  }));
  const ids: string[] = [];
  try {
    await service.start();
    for (const { path, moment } of rounds) {
      const { id } = await (await service.client()).submit({
        ...sampleImage,
        script: '#!/bin/sh\ncat * | wc -c\n',
        dataurl: `${server.url}${path}`,
        fetch: 'api',
      });
      ids.push(id);
      await killAt(moment, { service, server, path, id });
    }
    const client = await service.client();
    const ended = await Promise.all(ids.map((id) => client.ended(id)));
    expect(ended.filter(({ state, exit_code }) => state !== 'exited' || exit_code !== 0)).toEqual([]);
    const outputs = await Promise.all(ids.map((id) => client.text(`/v1/container/${id}/stdout`)));
    expect(new Set(outputs)).toEqual(new Set([`${pieces * piece.length}\n`]));
    for (const { path, moment } of rounds) {
      const requests = server.requests.filter((each) => each === path).length;
      expect(requests, `${path}, killed: ${moment}`).toBeLessThanOrEqual(moment === 'kept' ? 1 : 2);
    }
    expect(await filesBelow(join(dataDir, 'blobs', 'tmp'))).toEqual([]);

    const label = await engine.labelValue(`io.boatload.container=${ids[0]}`, 'io.boatload.instance');
    await Promise.all(ids.map((id) => client.remove(id)));
    expect(await engine.containersOf(`io.boatload.instance=${label}`)).toEqual([]);
    expect(await engine.volumesOf(`io.boatload.instance=${label}`)).toEqual([]);
    expect(await filesBelow(join(dataDir, 'blobs'))).toEqual([]);
    expect(await readdir(join(dataDir, 'satellite', 'attempts'))).toEqual([]);
  } finally {
    await service.end();
    await rm(dataDir, { recursive: true, force: true });
  }
}, 600_000);

async function killAt(
  moment: Moment,
  at: { readonly service: MortalService; readonly server: SlowServer; readonly path: string; readonly id: string },
): Promise<void> {
  const { service, server, path, id } = at;
  const client = await service.client();
  if (moment === 'middle') await server.reached(path, pieces / 2);
  else if (moment === 'sent') await server.reached(path, pieces);
  else await untilKept(client, id);
  if (moment !== 'middle') await pause(Math.random() * 200);
  await service.killAndStart();
  // The next kill is to meet the next container alone.
  await untilKept(await service.client(), id);
}

function untilKept(client: Client, id: string): Promise<unknown> {
  return until(
    () => client.info(id),
    ({ data_sha256 }) => data_sha256 !== null,
    `${id} to have been fetched`,
  );
}

interface SlowServer extends AsyncDisposable {
  readonly url: string;
  /** The paths that were asked for, in their order. */
  readonly requests: readonly string[];
  /** Resolves when so many pieces of a path were sent to somebody. */
  reached(path: string, count: number): Promise<unknown>;
}

/** Sends the same content at every path, piece by piece. */
async function startSlowServer(): Promise<SlowServer> {
  const requests: string[] = [];
  const sent = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    requests.push(path);
    void send(response, (count) => sent.set(path, Math.max(count, sent.get(path) ?? 0)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    reached: (path, count) =>
      until(
        async () => sent.get(path) ?? 0,
        (sofar) => sofar >= count,
        `${count} pieces of ${path} to be sent`,
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function send(response: ServerResponse, tell: (count: number) => void): Promise<void> {
  response.writeHead(200, { 'content-length': pieces * piece.length });
  for (let count = 1; count <= pieces && !response.destroyed; count += 1) {
    response.write(piece);
    tell(count);
    await pause(20);
  }
  response.end();
}
