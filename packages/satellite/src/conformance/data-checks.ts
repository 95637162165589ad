import type { AttemptOrder, FileChange, Satellite } from '@boatload/contract';
import { encodeTarHeader, tarEnd, tarPadding } from '@boatload/engine';
import { expect } from 'vitest';
import type { SatelliteCheck } from './describe-satellite.ts';
import { changesOf, outputOf, runToEnd } from './run-order.ts';

/** Two files, one of them below a directory, all of root's. */
function packData(): Buffer {
  const plain = { uid: 0, gid: 0, mtime: new Date(1e12) } as const;
  const entry = (path: string, content: string): Uint8Array[] => [
    encodeTarHeader({ ...plain, path: Buffer.from(path), type: 'file', mode: 0o644, size: content.length }),
    Buffer.from(content),
    tarPadding(content.length),
  ];
  return Buffer.concat([...entry('shared', 'one\n'), ...entry('deep/er/file', 'two\n'), tarEnd]);
}

const rewrite = 'cat shared deep/er/file; echo "$NAME" >> shared; echo "$NAME" > "deep/er/$NAME"; rm deep/er/file';

export const dataChecks = {
  async separatesViews({ satellite, order, upload }) {
    const data = { source: upload(packData()) };
    const orders = ['first', 'second', 'third'].map((NAME) =>
      order({ args: ['sh', '-c', rewrite], env: { NAME }, data, datapath: '/data' }),
    );
    await Promise.all(orders.map((asked) => runToEnd(satellite, asked)));
    for (const asked of orders) await expectOwnChanges(satellite, asked);
  },

  async separatesUsers({ satellite, order, upload }) {
    const data = { source: upload(packData()) };
    const orders = ['boat', 'root', '1234:5678'].map((user) =>
      order({ user, args: ['sh', '-c', rewrite], env: { NAME: `of-${user}` }, data, datapath: '/data' }),
    );
    for (const asked of orders) expect(await runToEnd(satellite, asked)).toMatchObject({ exitCode: 0 });
    for (const asked of orders) await expectOwnChanges(satellite, asked);
  },

  async keepsPacked({ satellite, order, upload }) {
    const source = upload(packData());
    const asked = (unpack: boolean): AttemptOrder =>
      order({ args: ['ls'], data: { source, fileName: 'data.tar', unpack }, datapath: '/data' });
    const [packed, unpacked] = [asked(false), asked(true)];
    await Promise.all([packed, unpacked].map((each) => runToEnd(satellite, each)));
    expect((await outputOf(satellite, packed.ref)).stdout).toBe('data.tar\n');
    expect((await outputOf(satellite, unpacked.ref)).stdout).toBe('deep\nshared\n');
  },

  async keepsForUsers({ satellite, order, upload }) {
    const source = upload(`kept ${Math.random()}`);
    const asked = [1, 2].map(() => order({ args: ['true'], data: { source }, datapath: '/data' }));
    for (const each of asked) await satellite.prepare(each);
    const digest = source.kind === 'blob' ? source.digest : '';
    const mine = async () => (await satellite.cache.list()).filter(({ sha256 }) => sha256 === digest);
    const entries = await mine();
    expect(entries).toEqual([expect.objectContaining({ node: satellite.node, origin: null, in_use: 2 })]);
    for (const { id } of entries) {
      await expect(satellite.cache.remove(id)).rejects.toMatchObject({ code: 'conflict' });
    }
    expect(await satellite.cache.collect()).not.toEqual(expect.arrayContaining(entries));
    for (const each of asked) await satellite.remove(each.ref);
    expect(await mine()).toEqual([]);
    await expect(satellite.cache.remove('no-such-entry')).rejects.toMatchObject({ code: 'cache_entry_not_found' });
  },
} satisfies Record<string, SatelliteCheck>;

/** That it saw the data as they were staged, and did to them what it was to do, and nothing else. */
async function expectOwnChanges(satellite: Satellite, { ref, env }: AttemptOrder): Promise<void> {
  expect((await outputOf(satellite, ref)).stdout).toBe('one\ntwo\n');
  expect((await changesOf(satellite, ref)).map(describe)).toEqual([
    'modified directory /data/deep/er',
    'deleted null /data/deep/er/file',
    `added file /data/deep/er/${env.NAME}`,
    'modified file /data/shared',
  ]);
}

function describe({ kind, type, path }: FileChange): string {
  return `${kind} ${type} ${path}`;
}
