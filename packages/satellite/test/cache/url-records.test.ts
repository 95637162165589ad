import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { EntryFiles } from '../../src/cache/entry-files.ts';
import { UrlRecords } from '../../src/cache/url-records.ts';
import { silentLog } from '../../src/satellite-log.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

it('what is known of URLs does not grow without end, and is kept of those that came last', async () => {
  await using dir = await makeTemporaryDirectory();
  const files = await EntryFiles.open(dir.path, silentLog);
  const urls = new UrlRecords(files, silentLog);
  const record = { sha256: 'of them all', fileName: null, memory: {} };
  const put = async (count: number, prefix: string): Promise<void> => {
    await Promise.all(Array.from({ length: count }, (_, at) => urls.put(`${prefix}${at}`, record)));
  };
  await put(4_096, 'a');
  await urls.put('a0', record);
  await put(2, 'b');
  expect(['a0', 'a1', 'a2', 'a3', 'b1'].map((key) => urls.get(key) !== undefined)).toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
  expect(await readdir(files.urls)).toHaveLength(4_096);
  await files.close();
});
