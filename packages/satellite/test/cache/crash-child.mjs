// Brings data into a cache until it is killed: node crash-child.mjs DIRECTORY URL…
import { createFetcher } from '@boatload/fetch';
import { openDataCache } from '../../dist/cache/open-data-cache.js';
import { defaultLimits } from '../../dist/staging/limits.js';

const [directory, ...urls] = process.argv.slice(2);
const log = { info() {}, warn() {}, error() {} };
const cache = await openDataCache({
  node: 'here',
  directory,
  fetcher: createFetcher({ policy: { allow: ['127.0.0.0/8'] } }),
  blobs: { async *open() {} },
  limits: defaultLimits,
  holders: new Map(),
  trees: true,
  log,
});
process.stdout.write('open\n');
const wish = (holder, uid) => ({
  holder,
  limitBytes: 1e8,
  onProgress() {},
  owner: async () => ({ uid, gid: uid }),
  unpack: true,
});
for (const url of urls) {
  await Promise.all([1000, 2000].map((uid) => cache.tree({ kind: 'url', url }, wish(`${uid}`, uid))));
  // What is removed is half there, too, for a while.
  await cache.release('2000');
  const unused = (await cache.list()).filter((entry) => entry.in_use === 0);
  await Promise.all(unused.map(({ id }) => cache.remove(id)));
}
process.stdout.write('done\n');
process.exit();
