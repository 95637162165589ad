import { expect } from 'vitest';
import type { SatelliteCheck } from './describe-satellite.ts';
import { EventWatch } from './event-watch.ts';
import { outputOf, runToEnd, waitForOutput } from './run-order.ts';

const stubborn = "trap 'echo stopped; exit 5' TERM; echo ready; while :; do sleep 0.1; done";

export const removalChecks = {
  async stops({ satellite, order }) {
    const asked = order({ args: ['sh', '-c', stubborn] });
    await using watch = new EventWatch(satellite);
    await satellite.prepare(asked);
    await satellite.start(asked.ref);
    await waitForOutput(satellite, asked.ref, 'ready');
    await satellite.stop(asked.ref, { graceSeconds: 20 });
    expect(await watch.phase(asked.ref, 'ended')).toMatchObject({ exitCode: 5 });
    expect((await outputOf(satellite, asked.ref)).stdout).toBe('ready\nstopped\n');
  },

  async stopsNothing({ satellite, order }) {
    const asked = order({ args: ['sh', '-c', 'exit 6'] });
    await satellite.stop(asked.ref);
    await satellite.prepare(asked);
    await satellite.stop(asked.ref);
    expect(await satellite.status(asked.ref)).toMatchObject({ phase: 'created' });
    const end = await runToEnd(satellite, asked);
    await satellite.stop(asked.ref);
    expect(await satellite.status(asked.ref)).toEqual(end);
  },

  async kills({ satellite, order }) {
    const asked = order({ args: ['sh', '-c', "trap '' TERM; echo ready; while :; do sleep 0.1; done"] });
    await using watch = new EventWatch(satellite);
    await satellite.prepare(asked);
    await satellite.start(asked.ref);
    await waitForOutput(satellite, asked.ref, 'ready');
    await satellite.stop(asked.ref, { graceSeconds: 0 });
    expect(await watch.phase(asked.ref, 'ended')).toMatchObject({ exitCode: 137 });
  },

  async removesRunning({ satellite, order, upload, leftovers }) {
    const asked = order({
      script: { name: 'script', source: upload('while :; do sleep 1; done') },
      data: { source: upload('x') },
      datapath: '/data',
    });
    await satellite.prepare(asked);
    await satellite.start(asked.ref);
    expect(await leftovers(asked.ref)).not.toEqual([]);
    await satellite.remove(asked.ref);
    expect(await leftovers(asked.ref)).toEqual([]);
    expect(await satellite.status(asked.ref)).toMatchObject({ phase: 'absent' });
    expect(await outputOf(satellite, asked.ref)).toEqual({ stdout: '', stderr: '' });
  },

  async removesPreparing({ satellite, order, upload, leftovers }) {
    const asked = order({ args: ['true'], data: { source: upload(Buffer.alloc(5_000_000)) }, datapath: '/data' });
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const preparing = satellite.prepare(asked, { onProgress: () => begin() });
    const outcome = expect(preparing).rejects.toMatchObject({ code: 'conflict' });
    await begun;
    await satellite.remove(asked.ref);
    await outcome;
    expect(await leftovers(asked.ref)).toEqual([]);
  },

  async removesAgain({ satellite, order, leftovers }) {
    const asked = order({ args: ['true'] });
    await satellite.remove(asked.ref);
    await runToEnd(satellite, asked);
    await Promise.all([satellite.remove(asked.ref), satellite.remove(asked.ref)]);
    await satellite.remove(asked.ref);
    expect(await leftovers(asked.ref)).toEqual([]);
  },
} satisfies Record<string, SatelliteCheck>;
