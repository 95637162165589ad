import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeViews } from '../../src/mounts/make-views.ts';
import { EngineRig } from '../harness/engine-rig.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

it.runIf(process.getuid?.() === 0)(
  'data that somebody removed from the node are the reason of the start that fails',
  async () => {
    await using rig = await EngineRig.open();
    const satellite = await rig.satellite();
    const order = rig.order({ args: ['true'], data: { source: rig.upload('content') }, datapath: '/data' });
    await satellite.prepare(order);
    await rename(join(rig.stateDir, 'cache', 'entries'), join(rig.stateDir, 'cache', 'removed'));
    expect(await satellite.start(order.ref)).toMatchObject({
      phase: 'start_failed',
      error: { code: 'start_failed', message: expect.stringMatching(/no longer.*Submit again/) },
    });
    await satellite.remove(order.ref);
    expect(await rig.leftovers(order.ref)).toEqual([]);
  },
);

it('data that are not there are not replaced by none', async () => {
  await using dir = await makeTemporaryDirectory();
  const lower = join(dir.path, 'gone', 'tree');
  const view = { lower, upper: join(dir.path, 'own', 'upper') };
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  await makeViews([{ path: '/data', kind: 'data', volume: 'any', view }], { owner, script: undefined });
  expect((await stat(view.upper)).isDirectory()).toBe(true);
  await expect(stat(lower)).rejects.toMatchObject({ code: 'ENOENT' });
});
