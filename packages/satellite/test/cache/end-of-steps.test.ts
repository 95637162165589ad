import { expect, it } from 'vitest';
import { openRig, tarOf, wish } from './cache-rig.ts';

const archive = tarOf({ 'a.txt': 'content' });

it('the end of each step is told, of what nobody announced the size of, and of what was there already, too', async () => {
  // In two parts and without a Content-Length.
  await using rig = await openRig((_request, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=3600' });
    response.write(archive.subarray(0, 10));
    response.end(archive.subarray(10));
  });
  await using cache = await rig.open();
  const endsFor = async (holder: string): Promise<ReadonlyMap<string, string>> => {
    const last = new Map<string, string>();
    const onProgress = (step: string, done: number, total: number | undefined) => last.set(step, `${done}/${total}`);
    await cache.tree(rig.source('/data.tar'), wish(holder, { onProgress }));
    return last;
  };
  const whole = `${archive.length}/${archive.length}`;
  const both = new Map([
    ['fetching', whole],
    ['unpacking', whole],
  ]);
  expect(await endsFor('one')).toEqual(both);
  expect(await endsFor('two')).toEqual(both);
  expect(rig.requests).toHaveLength(1);
});
