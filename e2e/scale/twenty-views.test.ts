import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CacheEntry, Container, FileChange } from '@boatload/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, logIn, removeAll } from '../harness/client.ts';
import { type DataServer, dataPath, serveDataSet } from '../harness/data-set.ts';
import { type RunningService, startService } from '../harness/service.ts';

const run = promisify(execFile);
const containers = 20;
const files = 5_000;
/** Mebibytes of the data set. */
const mebibytes = Number(process.env.BOATLOAD_TEST_DATA_MIB ?? 128);
const fileBytes = Math.ceil((mebibytes * 1_048_576) / files / 512) * 512;
/** How many containers are timed one by one, with data and without. */
const timed = 10;

/** Writes a file of its own, changes one that all have, deletes another, and looks for what the others wrote. */
function scriptOf(index: number): string {
  return `#!/bin/sh
set -e
[ "$(find . -type f | wc -l)" = ${files} ]
echo "by ${index}" > own-${index}
echo "changed by ${index}" >> ${dataPath(7)}
rm ${dataPath(index + 100)}
ls | grep own- | grep -v "^own-${index}$" && exit 9
grep -c "changed by" ${dataPath(7)}
`;
}

function changesOf(index: number): readonly string[] {
  return [
    `modified /data/d1`,
    `deleted /data/${dataPath(index + 100)}`,
    `added /data/own-${index}`,
    `modified /data/${dataPath(7)}`,
  ].sort();
}

describe(`${containers} containers on one data set of ${files} files, ${mebibytes} MiB`, () => {
  let service: RunningService;
  let client: Client;
  let data: DataServer;
  let ended: readonly Container[];

  beforeAll(async () => {
    data = await serveDataSet({ files, fileBytes });
    service = await startService();
    client = await logIn(service.url);
    const submitted = await Promise.all(
      Array.from({ length: containers }, (_, index) => client.submit({ script: scriptOf(index), dataurl: data.url })),
    );
    ended = await Promise.all(submitted.map(({ id }) => client.ended(id)));
  }, 600_000);

  afterAll(async () => {
    await removeAll(client);
    await service?.[Symbol.asyncDispose]();
    await data?.[Symbol.asyncDispose]();
  });

  test('all end right, and no one sees what another writes', () => {
    expect(ended.map(({ state, exit_code, reason }) => ({ state, exit_code, reason }))).toEqual(
      ended.map(() => ({ state: 'exited', exit_code: 0, reason: null })),
    );
  });

  test('it was downloaded once', () => {
    expect(data.downloads()).toBe(1);
  });

  test('it was unpacked once, and is kept as one tree that all of them use', async () => {
    const [entry, ...more] = await cacheOf(client);
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ form: 'tree', in_use: containers, origin: data.url });
  });

  test('every list of changes holds exactly what its container did', async () => {
    const lists = await Promise.all(
      ended.map(({ id }) => client.json<FileChange[]>(`/v1/container/${id}/changes?limit=1000`)),
    );
    const told = lists.map((list) =>
      list
        .filter(({ path }) => path.startsWith('/data'))
        .map(({ kind, path }) => `${kind} ${path}`)
        .sort(),
    );
    expect(told).toEqual(told.map((_, index) => changesOf(index)));
  });

  test('the disk holds the data once', async () => {
    const { stdout } = await run('du', ['-s', '--block-size=1', `${service.dataDir}/satellite`]);
    const used = Number.parseInt(stdout, 10);
    console.log(`disk used for ${containers} views: ${(used / data.bytes).toFixed(3)} × the data set`);
    // Small files fill whole blocks of the disk, which is the file system's affair: 4 KiB for each at most.
    expect(used).toBeLessThan(1.05 * data.bytes + (mebibytes < 1_024 ? files * 4_096 : 0));
  });

  test('what a container more takes is told', async () => {
    const withData: number[] = [];
    const without: number[] = [];
    for (let round = 0; round < timed; round += 1) {
      withData.push(await stagingTime(client, { script: 'exit 0', dataurl: data.url }));
      without.push(await stagingTime(client, { script: 'exit 0' }));
    }
    const added = median(withData) - median(without);
    console.log(
      `staging, medians of ${timed}: ${median(withData)} ms with the data, ${median(without)} ms without: ${added} ms added`,
    );
    expect(data.downloads()).toBe(1);
  });
});

async function cacheOf(client: Client): Promise<CacheEntry[]> {
  const [node] = await client.json<{ node: string }[]>('/v1/node/');
  return await client.json<CacheEntry[]>(`/v1/node/${node?.node}/cache/`);
}

/** Milliseconds from the beginning of staging to that of the start, as the timeline says. */
async function stagingTime(client: Client, fields: Record<string, unknown>): Promise<number> {
  const { id } = await client.submit(fields);
  const { timeline } = await client.ended(id);
  const at = (state: string): number => Date.parse(timeline.find((entry) => entry.state === state)?.at ?? '');
  return at('starting') - at('staging');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
