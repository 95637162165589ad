import type { CacheCollection, CacheEntry, Node } from '@boatload/contract';
import { describe, expect, test } from 'vitest';
import { expectProblem } from '../../harness/problem.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';
import { makeZip } from '../../harness/zip-file.ts';

/** Nodes, and what they keep for the next container. */
export function describeNodes(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: nodes`, () => {
    const parts = useService(start);

    test('are listed and told one by one', async () => {
      const { client } = parts();
      const [node, ...others] = await client.json<Node[]>('/v1/node/');
      expect(others).toEqual([]);
      expect(node).toMatchObject({ engine: { version: expect.stringMatching(/^\d/) }, reason: null });
      expect(node?.cpus).toBeGreaterThan(0);
      expect(node?.cache_quota).toBeGreaterThan(0);
      expect(await client.json(`/v1/node/${node?.node}/`)).toEqual(node);
    });

    test('keep what was fetched, count who uses it, and remove it only when nobody does', async () => {
      const { client, web } = parts();
      const cache = await cachePath(parts());
      const zip = makeZip([{ name: 'given.txt', content: 'given\n' }]);
      const dataurl = web.serve('/kept.zip', zip, { etag: '"1"' });
      const fields = { dataurl, script: 'cat given.txt; exec sleep 3600' };
      const [first, second] = [await client.submit(fields), await client.submit(fields)];
      for (const { id } of [first, second]) await client.printed(id, 'given');

      const entries = await client.json<CacheEntry[]>(`${cache}/`);
      const [entry, ...others] = entries.filter(({ origin }) => origin === dataurl);
      expect(others).toEqual([]);
      expect(entry).toMatchObject({ form: 'tree', in_use: 2, sha256: expect.stringMatching(/^[\da-f]{64}$/) });
      const path = `${cache}/${entry?.id}/`;
      await expectProblem(await client.call(path, { method: 'DELETE' }), 'conflict', null);

      await client.remove(first.id);
      expect(await client.json(`${cache}/`)).toContainEqual(expect.objectContaining({ id: entry?.id, in_use: 1 }));
      await client.remove(second.id);
      expect(await client.json(`${cache}/`)).toContainEqual(expect.objectContaining({ id: entry?.id, in_use: 0 }));
      expect((await client.call(path, { method: 'DELETE' })).status).toBe(204);
      await expectProblem(await client.call(path, { method: 'DELETE' }), 'cache_entry_not_found', null);
    });

    test('give free all that nobody uses, or only what nobody used for long', async () => {
      const { client, web } = parts();
      const cache = await cachePath(parts());
      const dataurl = web.serve('/freed.zip', makeZip([{ name: 'a', content: 'a' }]));
      const { id } = await client.submit({ dataurl, script: 'exit 0' });
      await client.ended(id);
      await client.remove(id);

      const collect = (body: unknown): Promise<CacheCollection> => {
        const headers = { 'content-type': 'application/json' };
        return client.json(`${cache}/gc`, { method: 'POST', headers, body: JSON.stringify(body) });
      };
      expect(await collect({ unused_for: 3_600 })).toEqual({ removed: [], bytes: 0 });
      const { removed, bytes } = await collect({});
      expect(removed.map(({ origin }) => origin)).toContain(dataurl);
      expect(bytes).toBeGreaterThan(0);
      expect(await client.json(`${cache}/`)).toEqual([]);
    });

    promiseNothingLeft(parts);
  });
}

async function cachePath({ client }: SuiteParts): Promise<string> {
  const [node] = await client.json<Node[]>('/v1/node/');
  return `/v1/node/${node?.node}/cache`;
}
