import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptOrder, AttemptRef, BlobSource } from '@boatload/contract';
import type { Engine } from '@boatload/engine';
import type { Fetcher } from '@boatload/fetch';
import { createLocalSatellite } from '@boatload/satellite';
import { type Contender, diskUse } from './contenders.ts';

export interface NodeOptions {
  readonly engine: Engine;
  readonly fetcher: Fetcher;
  readonly stateDir: string;
  readonly views: boolean;
}

/** A satellite of this machine's Engine. */
export interface BenchNode extends AsyncDisposable {
  /** Prepares a container, with data from a URL or without. */
  prepare(name: string, dataUrl: string | undefined): Contender;
}

export async function openNode({ engine, fetcher, stateDir, views }: NodeOptions): Promise<BenchNode> {
  const instance = `bench-${randomBytes(6).toString('hex')}`;
  const satellite = await createLocalSatellite({
    node: 'bench',
    engine,
    fetcher,
    stateDir,
    instance,
    blobs: noUploads,
    views,
  });
  return {
    prepare: (name, dataUrl) => ({
      name,
      prepares: true,
      async run() {
        const order = orderOf(dataUrl);
        const began = performance.now();
        await satellite.prepare(order);
        const milliseconds = performance.now() - began;
        const bytes = await diskUse(...(await placesOf(engine, stateDir, order.ref)));
        await satellite.remove(order.ref);
        return { milliseconds, bytes };
      },
    }),
    [Symbol.asyncDispose]: () => satellite[Symbol.asyncDispose](),
  };
}

/** The directory of the first data set that a satellite unpacked. */
export async function findTree(stateDir: string): Promise<string> {
  const entries = join(stateDir, 'cache', 'entries');
  const [first = ''] = await readdir(entries);
  return join(entries, first, 'tree');
}

function orderOf(url: string | undefined): AttemptOrder {
  return {
    ref: { container: randomBytes(16).toString('hex'), attempt: 1 },
    image: 'boatload/sample:latest',
    pull: 'never',
    args: ['true'],
    env: {},
    labels: {},
    restartAlways: false,
    ...(url === undefined ? {} : { datapath: '/data', data: { source: { kind: 'url', url } } }),
  };
}

/** What lies on the disk for one attempt: our own directory, and the volumes that are no views. */
async function placesOf(engine: Engine, stateDir: string, { container }: AttemptRef): Promise<readonly string[]> {
  const filters = JSON.stringify({ label: [`io.boatload.container=${container}`] });
  const { Volumes } = (await engine.json({ method: 'GET', path: '/volumes', query: { filters } })) as {
    Volumes: { Mountpoint: string }[] | null;
  };
  return [join(stateDir, 'attempts', `${container}-1`), ...(Volumes ?? []).map(({ Mountpoint }) => Mountpoint)];
}

const noUploads: BlobSource = {
  open(digest) {
    throw new Error(`there is no upload ${digest}`);
  },
};
