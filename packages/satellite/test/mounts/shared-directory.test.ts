import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import {
  connectEngine,
  createContainer,
  engineOptionsFromEnvironment,
  inspectContainer,
  listContainers,
  removeContainer,
} from '@boatload/engine';
import { afterAll, describe, expect, it } from 'vitest';
import { isSharedDirectory } from '../../src/mounts/shared-directory.ts';
import { silentLog } from '../../src/satellite-log.ts';
import { sampleImage } from '../harness/engine-rig.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

const engine = connectEngine(engineOptionsFromEnvironment(process.env));
const isRoot = process.getuid?.() === 0;

afterAll(() => engine.close());

/** What a directory of this machine looks like to an Engine on another one: there, it does not exist. */
async function askElsewhere(directory: string): Promise<boolean> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'GET') return response.end(request.url?.startsWith('/images/') ? '{"Id":"sha256:0"}' : '[]');
    const message = 'invalid mount config for type "bind": bind source path does not exist: /x';
    return response.writeHead(400).end(JSON.stringify({ message }));
  });
  const socket = join(directory, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  await using elsewhere = connectEngine({ host: `unix://${socket}` });
  try {
    return await isSharedDirectory(elsewhere, directory, silentLog);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('whether a directory is shared with the Engine', () => {
  it('is true on the machine of the Engine, and to try it leaves nothing behind', async () => {
    await using dir = await makeTemporaryDirectory();
    expect(await isSharedDirectory(engine, dir.path, silentLog)).toBe(isRoot);
    expect(await readdir(dir.path)).toEqual([]);
    expect(await listContainers(engine, { 'io.boatload.probe': dir.path })).toEqual([]);
  });

  it('is false where the Engine has no such directory', async () => {
    await using dir = await makeTemporaryDirectory();
    expect(await askElsewhere(dir.path)).toBe(false);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('is false where no Engine answers', async () => {
    await using dir = await makeTemporaryDirectory();
    await using nowhere = connectEngine({ host: `unix://${dir.path}/none.sock` });
    expect(await isSharedDirectory(nowhere, dir.path, silentLog)).toBe(false);
  });

  it.runIf(isRoot)('removes what an earlier try left, but no container that only says so', async () => {
    await using dir = await makeTemporaryDirectory();
    await mkdir(join(dir.path, 'state'));
    const labels = { 'io.boatload.probe': join(dir.path, 'state') };
    const creation = { Image: sampleImage, Labels: labels };
    const left = await createContainer(engine, `boatload-probe-left-${process.pid}`, { creation });
    const other = await createContainer(engine, `boatload-test-other-${process.pid}`, { creation });
    try {
      await isSharedDirectory(engine, join(dir.path, 'state'), silentLog);
      expect(await inspectContainer(engine, left)).toBeUndefined();
      expect(await inspectContainer(engine, other)).toBeDefined();
    } finally {
      await removeContainer(engine, left);
      await removeContainer(engine, other);
    }
  });
});
