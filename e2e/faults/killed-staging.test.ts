import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { encodeTarHeader, tarEnd, tarPadding } from '@boatload/engine';
import { expect, test } from 'vitest';
import { type Client, sampleImage } from '../harness/client.ts';
import { labelOf, viewEngine } from '../harness/engine.ts';
import { filesBelow } from '../harness/files-below.ts';
import { freePort } from '../harness/free-port.ts';
import { MortalService } from '../harness/mortal-service.ts';
import { until } from '../harness/until.ts';
import { startWebServer } from '../harness/web-server.ts';

const kills = Number(process.env.BOATLOAD_TEST_STAGING_KILLS ?? 6);
const files = 800;
const fileBytes = 16_384;

/** Says how many files it sees and what they hold together. */
const script = '#!/bin/sh\ncat $(ls f* | sort) | sha256sum; ls | wc -l; echo new > own; rm f0\n';

test(`${kills} times SIGKILL while data are fetched, unpacked and mounted: what containers see is whole, and nothing is left`, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'boatload-kill-'));
  await using web = await startWebServer();
  await using engine = viewEngine();
  const service = new MortalService(dataDir, await freePort());
  const archive = packArchive();
  const ids: string[] = [];
  try {
    await service.start();
    for (let round = 0; round < kills; round += 1) {
      const dataurl = web.serve(`/data-${round}.tar.gz`, archive, { etag: `"${round}"` });
      const client = await service.client();
      const submitted = await Promise.all([1, 2].map(() => client.submit({ ...sampleImage, script, dataurl })));
      ids.push(...submitted.map(({ id }) => id));
      await pause(Math.random() * 700);
      await service.killAndStart();
    }
    const client = await service.client();
    const ended = await Promise.all(ids.map((id) => client.ended(id)));
    expect(ended.filter(({ state, exit_code }) => state !== 'exited' || exit_code !== 0)).toEqual([]);
    const outputs = await Promise.all(ids.map((id) => client.text(`/v1/container/${id}/stdout`)));
    expect(new Set(outputs)).toEqual(new Set([await expectedOutput(client)]));
    const [first = ''] = ids;
    const instance = `io.boatload.instance=${await engine.labelValue(`io.boatload.container=${first}`, 'io.boatload.instance')}`;

    const all = await client.json<{ id: string }[]>('/v1/container/');
    await Promise.all(all.map(({ id }) => client.remove(id)));
    expect(await engine.containersOf(instance)).toEqual([]);
    expect(await engine.volumesOf(instance)).toEqual([]);
    expect(await readdir(join(dataDir, 'satellite', 'attempts'))).toEqual([]);
    expect(await mountsOf(dataDir)).toEqual([]);
    await emptyCache(client);
    await until(
      () => filesBelow(join(dataDir, 'satellite')),
      (left) => left.length === 0,
      'the state directory to be empty',
    );
  } finally {
    await Promise.all(ids.map((id) => engine.removeContainersOf(labelOf(id))));
    await service.end();
    await rm(dataDir, { recursive: true, force: true });
  }
}, 900_000);

/** The output of a container whose data nobody disturbed. */
async function expectedOutput(client: Client): Promise<string> {
  const data = { name: 'data.tar.gz', content: packArchive() };
  const { id } = await client.submitForm({}, { script: { name: 'script', content: script }, data });
  await client.ended(id);
  return await client.text(`/v1/container/${id}/stdout`);
}

async function emptyCache(client: Client): Promise<void> {
  const nodes = await client.json<{ node: string }[]>('/v1/node/');
  await Promise.all(nodes.map(({ node }) => client.json(`/v1/node/${node}/cache/gc`, { method: 'POST' })));
}

/** Mounts of this machine that lie above directories of a service. */
async function mountsOf(dataDir: string): Promise<string[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').filter((line) => line.includes(dataDir));
}

/** Content that hardly compresses, so that to unpack it takes a while. */
function packArchive(): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < files; index += 1) {
    const path = Buffer.from(`f${index}`);
    const mtime = new Date(1e12);
    parts.push(encodeTarHeader({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: fileBytes, mtime }));
    parts.push(contentOf(index), tarPadding(fileBytes));
  }
  return new Uint8Array(gzipSync(Buffer.concat([...parts, tarEnd]), { level: 1 }));
}

function contentOf(seed: number): Buffer {
  const content = Buffer.alloc(fileBytes);
  let state = seed + 1;
  for (let at = 0; at < fileBytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content.writeUInt32LE(state, at);
  }
  return content;
}
