import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFetcher } from '../src/create-fetcher.ts';
import { serve } from './harness/http-server.ts';
import { makeTemporaryDirectory } from './harness/temporary-directory.ts';

it('is fetched into a file', async () => {
  await using server = await serve((_request, response) => response.end('content'));
  await using dir = await makeTemporaryDirectory();
  await using fetcher = createFetcher({ policy: { allow: ['127.0.0.1'] } });
  const file = join(dir.path, 'f');
  const outcome = await fetcher.fetch({ url: `${server.url}/data.txt`, file, limitBytes: 100 });
  expect(outcome).toMatchObject({ kind: 'fetched', size: 7, fileName: 'data.txt' });
  expect(await readFile(file, 'utf8')).toBe('content');
  expect(await readdir(dir.path)).toEqual(['f']);
});
