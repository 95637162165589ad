import type { Container } from '@boatload/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { readProblem } from '../../harness/client.ts';
import { labelOf } from '../../harness/engine.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';

const submissions = [
  { name: 'alpha', labels: { team: 'blue', tier: 'one' }, script: 'exit 0' },
  { name: 'beta', labels: { team: 'blue', tier: 'two' }, script: 'exit 1' },
  { name: 'gamma', labels: { team: 'red=ish' }, script: '#!/bin/sh\nexec sleep 3600\n' },
  { name: 'alpha', labels: {}, entrypoint: ['/no/such/command'] },
  { name: 'delta', labels: {}, script: 'exit 0', image_name: 'boatload/no-such-image' },
] as const;

/** Lists of containers, and their end. */
export function describeListing(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: list and DELETE`, () => {
    const parts = useService(start);
    promiseList(parts);
    promiseDelete(parts);
    promiseNothingLeft(parts);
  });
}

function promiseList(parts: () => SuiteParts): void {
  const ids: string[] = [];
  beforeAll(async () => {
    const { client } = parts();
    for (const each of submissions) ids.push((await client.submit(each)).id);
    const [, , running = '', ...rest] = ids;
    await Promise.all([
      client.reached(running, 'running'),
      ...[...ids.slice(0, 2), ...rest].map((id) => client.ended(id)),
    ]);
  });
  const list = async (query: string): Promise<{ numbers: number[]; headers: Headers }> => {
    const answer = await parts().client.call(`/v1/container${query}`);
    const found = JSON.parse(await answer.text()) as Container[];
    return { numbers: found.map(({ id }) => ids.indexOf(id)), headers: answer.headers };
  };

  test.for([
    ['', [4, 3, 2, 1, 0]],
    ['/', [4, 3, 2, 1, 0]],
    ['?state=exited', [1, 0]],
    ['?state=running', [2]],
    ['?state=failed', [4, 3]],
    ['?state=lost', []],
    ['?label=team=blue', [1, 0]],
    ['?label=team=blue&label=tier=two', [1]],
    ['?label=team=red%3Dish', [2]],
    ['?label=team=', []],
    ['?image=boatload/sample', [3, 2, 1, 0]],
    ['?image=boatload/sample:latest', [3, 2, 1, 0]],
    ['?image=boatload/no-such-image', [4]],
    ['?image=boatload/sample:other', []],
    ['?name=alpha', [3, 0]],
    ['?name=alpha&state=exited', [0]],
    ['?limit=2', [4, 3]],
  ] as const)('newest first, as filtered: %s', async ([query, expected]) => {
    expect((await list(query)).numbers).toEqual(expected);
  });

  test('pages are linked to each other and keep the filters; X-Total-Count tells how many match', async () => {
    const seen: number[] = [];
    let query: string | undefined = '/?limit=2&image=boatload/sample';
    while (query !== undefined) {
      const { numbers, headers } = await list(query);
      expect(headers.get('x-total-count')).toBe('4');
      seen.push(...numbers);
      query = /^<\/v1\/container(\/?\?.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual([3, 2, 1, 0]);
  });

  test('who deletes containers while the pages are read does not make others be missed', async () => {
    const { client } = parts();
    const fresh = await Promise.all([1, 2, 3].map(() => client.submit({ script: 'exit 0', name: 'paged' })));
    await Promise.all(fresh.map(({ id }) => client.ended(id)));
    const first = await client.call('/v1/container/?name=paged&limit=2');
    const page = JSON.parse(await first.text()) as Container[];
    await Promise.all(page.map(({ id }) => client.remove(id)));
    const [, next = ''] = /^<(.+)>/.exec(first.headers.get('link') ?? '') ?? [];
    const rest = await client.json<Container[]>(next);
    expect([...page, ...rest].map(({ id }) => id).sort()).toEqual(fresh.map(({ id }) => id).sort());
  });
}

function promiseDelete(parts: () => SuiteParts): void {
  test('DELETE ends a running container at once, and takes it from the node', async () => {
    const { client, engine, signals } = parts();
    signals.serve('/term-at-once', '');
    const script = `trap '${signals.fetchCommand('/term-at-once').replaceAll("'", '"')}' TERM\necho up\nsleep 600 & wait; wait`;
    const { id } = await client.submit({ script });
    await client.printed(id, 'up');
    const began = performance.now();
    await client.remove(id);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await engine.containersOf(labelOf(id))).toEqual([]);
    expect(await engine.volumesOf(labelOf(id))).toEqual([]);
    expect(signals.requests('/term-at-once')).toBe(0);
    expect(await readProblem(await client.call(`/v1/container/${id}/`, { method: 'DELETE' }))).toMatchObject({
      status: 404,
      code: 'container_not_found',
    });
  });

  test('DELETE with grace lets the container end by itself', async () => {
    const { client, engine, signals } = parts();
    signals.serve('/term-seen', '');
    const report = `fetch("${signals.urlOf('/term-seen')}").then(() => process.exit(0))`;
    const script = `process.on('SIGTERM', () => ${report});\nconsole.log('up');\nsetInterval(() => {}, 1000);\n`;
    const { id } = await client.submit({ script, interpreter: 'node' });
    await client.printed(id, 'up');
    const removing = client.call(`/v1/container/${id}/?grace=30`, { method: 'DELETE' });
    expect((await removing).status).toBe(204);
    expect(signals.requests('/term-seen')).toBe(1);
    expect(await engine.containersOf(labelOf(id))).toEqual([]);
  });

  test('DELETE at once and several times is one DELETE', async () => {
    const { client } = parts();
    const { id } = await client.submit({ script: '#!/bin/sh\nexec sleep 3600\n' });
    const answers = await Promise.all([1, 2, 3].map(() => client.call(`/v1/container/${id}/`, { method: 'DELETE' })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(204);
    expect(statuses.filter((status) => status !== 204 && status !== 404)).toEqual([]);
  });
}
