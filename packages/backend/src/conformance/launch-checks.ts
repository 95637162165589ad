import type { AttemptRef } from '@boatload/contract';
import { expect } from 'vitest';
import type { Backend, LaunchReport } from '../port.ts';
import type { BackendCheck } from './describe-backend.ts';
import { EventWatch } from './watch.ts';

const unknown: AttemptRef = { container: '0'.repeat(32), attempt: 1 };

export const launchChecks = {
  async introduces({ backend }) {
    expect(backend.name).toMatch(/^[a-z]+$/);
    const { ports, links, gpus, placement, keep } = backend.capabilities;
    for (const capability of [ports, links, gpus, placement, keep]) expect(capability).toBeTypeOf('boolean');
  },

  async absent({ backend }) {
    const status = await backend.status(unknown);
    expect(status).toMatchObject({ ref: unknown, phase: 'absent', starts: 0, dockerState: {} });
  },

  async satelliteNowhere({ backend }) {
    expect(await backend.satelliteOf(unknown)).toBeUndefined();
  },

  async launches({ backend, order }) {
    await using watch = new EventWatch(backend);
    await watch.synced();
    const asked = order('echo out; exit 3');
    const status = await backend.launch(asked);
    expect(['running', 'ended']).toContain(status.phase);
    const end = await watch.phase(asked.ref, 'ended');
    expect(end).toMatchObject({ exitCode: 3, starts: 1, oomKilled: false });
    expect(Date.parse(end.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(end.startedAt ?? ''));
    expect(await backend.status(asked.ref)).toMatchObject({ phase: 'ended', exitCode: 3 });
    expect(await outputOf(backend, asked.ref)).toBe('out\n');
  },

  async reports({ backend, order }) {
    const reports: LaunchReport[] = [];
    const { node } = await backend.launch(order('true'), { report: (report) => reports.push(report) });
    const phases = reports.map(({ phase }) => phase);
    expect(phases.at(0)).toBe('staging');
    expect(phases.at(-1)).toBe('starting');
    expect(reports.at(-1)?.node).toBe(node);
    expect(phases.lastIndexOf('staging')).toBeLessThan(phases.indexOf('starting'));
  },

  async launchesOnce({ backend, order }) {
    await using watch = new EventWatch(backend);
    await watch.synced();
    const asked = order('echo started');
    const statuses = await Promise.all(Array.from({ length: 5 }, () => backend.launch(asked)));
    for (const { phase } of statuses) expect(['running', 'ended']).toContain(phase);
    await watch.phase(asked.ref, 'ended');
    expect(await outputOf(backend, asked.ref)).toBe('started\n');
  },

  async launchesOnceAfterEnd({ backend, order }) {
    await using watch = new EventWatch(backend);
    await watch.synced();
    const asked = order('echo started; exit 4');
    await backend.launch(asked);
    await watch.phase(asked.ref, 'ended');
    expect(await backend.launch(asked)).toMatchObject({ phase: 'ended', exitCode: 4, starts: 1 });
    expect(await outputOf(backend, asked.ref)).toBe('started\n');
  },

  async refusedStart({ backend, order }) {
    const asked = order('', { entrypoint: ['/no/such/command'], args: [] });
    const status = await backend.launch(asked);
    expect(status).toMatchObject({ phase: 'start_failed', error: { code: 'command_not_found' } });
    expect(status.error?.message).toContain('/no/such/command');
    expect(await backend.status(asked.ref)).toMatchObject({ phase: 'start_failed' });
  },

  async missingImage({ backend, order, leftovers }) {
    const asked = order('true', { image: 'boatload/no-such-image:none', pull: 'never' });
    await expect(backend.launch(asked)).rejects.toMatchObject({ code: 'image_not_found' });
    expect(await leftovers(asked.ref)).toEqual([]);
    expect(await backend.status(asked.ref)).toMatchObject({ phase: 'absent' });
  },

  async abortedLaunch({ backend, order, leftovers }) {
    const asked = order('true');
    await expect(backend.launch(asked, { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(await leftovers(asked.ref)).toEqual([]);
    expect(await backend.status(asked.ref)).toMatchObject({ phase: 'absent' });
  },
} satisfies Record<string, BackendCheck>;

/** What an attempt wrote, through the satellite that the backend names. */
export async function outputOf(backend: Backend, ref: AttemptRef): Promise<string> {
  const satellite = await backend.satelliteOf(ref);
  if (satellite === undefined) throw new Error(`no satellite for ${ref.container}`);
  const pieces: Uint8Array[] = [];
  for await (const { data } of satellite.logs(ref, { streams: { stdout: true, stderr: true } })) pieces.push(data);
  return Buffer.concat(pieces).toString();
}
