import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { connectEngine } from '@boatload/engine';
import { createFetcher } from '@boatload/fetch';
import { type DataSet, packDataSet } from './data-set.ts';
import { findTree, openNode } from './node.ts';

const run = promisify(execFile);

/** One way to give a container its data. */
export interface Contender {
  readonly name: string;
  /** Whether what it measures is the preparation of a whole container. */
  readonly prepares: boolean;
  /** Does it once, and removes what it made outside of the measurement. */
  run(): Promise<{ readonly milliseconds: number; readonly bytes: number }>;
}

export interface OpenedContenders extends AsyncDisposable {
  /** The first is what the others are compared with. */
  readonly contenders: readonly Contender[];
  /** A container without data. */
  readonly without: Contender;
}

/** Brings the data set to this node once, and makes ready all ways to give it to containers. */
export async function openContenders(set: DataSet): Promise<OpenedContenders> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'boatload-bench-')));
  const host = process.env.DOCKER_HOST;
  const engine = connectEngine(host === undefined ? {} : { host });
  const url = pathToFileURL(await packDataSet(set, directory)).href;
  const fetcher = createFetcher({ fileRoots: [directory] });
  const views = await openNode({ engine, fetcher, stateDir: join(directory, 'views'), views: true });
  const copies = await openNode({ engine, fetcher, stateDir: join(directory, 'copies'), views: false });
  const view = views.prepare('our view', url);
  const copy = copies.prepare('copy-in fallback', url);
  // The first of each brings the data to the node, which is not what is measured.
  await view.run();
  await copy.run();
  const copyAll = copyTree(await findTree(join(directory, 'views')), join(directory, 'copy'));
  return {
    contenders: [copyAll, copy, view],
    without: views.prepare('no data', undefined),
    async [Symbol.asyncDispose]() {
      for (const resource of [views, copies, fetcher]) await resource[Symbol.asyncDispose]();
      engine.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What systems without a shared copy do, at its best: the data lie on the node already. */
function copyTree(from: string, to: string): Contender {
  return {
    name: 'cp -a',
    prepares: false,
    async run() {
      const began = performance.now();
      await run('cp', ['-a', from, to]);
      const milliseconds = performance.now() - began;
      const bytes = await diskUse(to);
      await rm(to, { recursive: true });
      return { milliseconds, bytes };
    },
  };
}

/** Bytes on the disk. */
export async function diskUse(...paths: readonly string[]): Promise<number> {
  const { stdout } = await run('du', ['-s', '--block-size=1', ...paths]);
  return stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number.parseInt(line, 10), 0);
}
