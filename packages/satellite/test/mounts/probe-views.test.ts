import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  connectEngine,
  createContainer,
  engineOptionsFromEnvironment,
  inspectContainer,
  listContainers,
  listVolumes,
  removeContainer,
} from '@boatload/engine';
import { afterAll, describe, expect, it } from 'vitest';
import { probeViews } from '../../src/mounts/probe-views.ts';
import { silentLog } from '../../src/satellite-log.ts';
import { sampleImage } from '../harness/engine-rig.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

const engine = connectEngine(engineOptionsFromEnvironment(process.env));
const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

afterAll(() => engine.close());

/** A directory that is an overlay itself, as the root of a container is. */
class OverlayMount implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(directory: string): Promise<OverlayMount> {
    const [lower, upper, work, path] = ['lower', 'upper', 'work', 'merged'].map((name) => join(directory, name));
    for (const part of [lower, upper, work, path]) await mkdir(part ?? '');
    const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    await run('mount', ['-t', 'overlay', 'overlay', '-o', layers, path ?? '']);
    return new OverlayMount(path ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', [this.path]);
  }
}

/** What a directory of this machine looks like to an Engine on another one: there, it does not exist. */
async function askElsewhere(directory: string): Promise<unknown> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.startsWith('/images/')) return response.end('{"Id":"sha256:0"}');
    if (request.url?.startsWith('/volumes')) return response.end('{"Volumes":[]}');
    if (request.url?.startsWith('/containers/json')) return response.end('[]');
    if (request.url?.startsWith('/containers/create')) return response.writeHead(201).end('{"Id":"a"}');
    if (request.url?.startsWith('/info')) return response.end('{"SecurityOptions":[]}');
    const message =
      'failed to mount local volume: mount overlay:/var/lib/docker/volumes/x/_data: no such file or directory';
    return response.writeHead(500).end(JSON.stringify({ message }));
  });
  const socket = join(directory, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  await using elsewhere = connectEngine({ host: `unix://${socket}` });
  try {
    return await probeViews(elsewhere, directory, silentLog);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('views of directories', () => {
  it.runIf(isRoot)('are mounted on the machine of the Engine, and to try it leaves nothing behind', async () => {
    await using dir = await makeTemporaryDirectory();
    expect(await probeViews(engine, dir.path, silentLog)).toEqual(expect.arrayContaining(['redirect_dir=off']));
    expect(await readdir(dir.path)).toEqual([]);
    expect(await listContainers(engine, { 'io.boatload.probe': dir.path })).toEqual([]);
    expect(await listVolumes(engine, { 'io.boatload.probe': dir.path })).toEqual([]);
  });

  it('are not to be had where the Engine has no such directory', async () => {
    await using dir = await makeTemporaryDirectory();
    expect(await askElsewhere(dir.path)).toBeUndefined();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('are not to be had where the path cannot be written in the options of a mount', async () => {
    await using dir = await makeTemporaryDirectory();
    const odd = join(dir.path, 'a,b:c');
    await mkdir(odd);
    expect(await probeViews(engine, odd, silentLog)).toBeUndefined();
  });

  it.runIf(isRoot)('are not to be had on a file system that takes no upper directory', async () => {
    await using dir = await makeTemporaryDirectory();
    await using overlay = await OverlayMount.make(dir.path);
    expect(await probeViews(engine, overlay.path, silentLog)).toBeUndefined();
    expect(await listVolumes(engine, { 'io.boatload.probe': overlay.path })).toEqual([]);
  });

  it('are told of in the log, and why there are none', async () => {
    await using dir = await makeTemporaryDirectory();
    const told: object[] = [];
    const log = { ...silentLog, info: (fields: object) => void told.push(fields) };
    await probeViews(engine, dir.path, log);
    const odd = join(dir.path, 'a:b');
    await mkdir(odd);
    await probeViews(engine, odd, log);
    expect(told).toEqual([
      isRoot ? { features: expect.any(Array) } : { reason: expect.stringContaining('root') },
      { reason: expect.stringContaining(isRoot ? odd : 'root') },
    ]);
  });

  it('are not to be had where no Engine answers', async () => {
    await using dir = await makeTemporaryDirectory();
    await using nowhere = connectEngine({ host: `unix://${dir.path}/none.sock` });
    expect(await probeViews(nowhere, dir.path, silentLog)).toBeUndefined();
  });

  it.runIf(isRoot)('removes what an earlier try left, but no container that only says so', async () => {
    await using dir = await makeTemporaryDirectory();
    await mkdir(join(dir.path, 'state'));
    const labels = { 'io.boatload.probe': join(dir.path, 'state') };
    const creation = { Image: sampleImage, Labels: labels };
    const left = await createContainer(engine, `boatload-probe-left-${process.pid}`, { creation });
    const other = await createContainer(engine, `boatload-test-other-${process.pid}`, { creation });
    try {
      await probeViews(engine, join(dir.path, 'state'), silentLog);
      expect(await inspectContainer(engine, left)).toBeUndefined();
      expect(await inspectContainer(engine, other)).toBeDefined();
    } finally {
      await removeContainer(engine, left);
      await removeContainer(engine, other);
    }
  });
});
