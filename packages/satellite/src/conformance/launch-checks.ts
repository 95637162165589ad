import type { AttemptRef } from '@boatload/contract';
import { expect } from 'vitest';
import type { SatelliteCheck } from './describe-satellite.ts';
import { EventWatch } from './event-watch.ts';
import { changesOf, outputOf, runToEnd } from './run-order.ts';

const unknown: AttemptRef = { container: '0'.repeat(32), attempt: 1 };

export const launchChecks = {
  async describesNode({ satellite }) {
    const { node, cpus, memory, engine } = await satellite.describe();
    expect(node).toBe(satellite.node);
    expect(cpus).toBeGreaterThan(0);
    expect(memory).toBeGreaterThan(0);
    for (const text of [engine.name, engine.version, engine.storageDriver]) expect(text).not.toBe('');
  },

  async absent({ satellite }) {
    const status = await satellite.status(unknown);
    expect(status).toMatchObject({ ref: unknown, node: satellite.node, phase: 'absent', starts: 0, dockerState: {} });
  },

  async unprepared({ satellite, order }) {
    await expect(satellite.start(order({}).ref)).rejects.toMatchObject({ code: 'conflict' });
  },

  async emptyBeforeStart({ satellite, order, upload }) {
    const asked = order({ args: ['true'], data: { source: upload('data') }, datapath: '/data' });
    for (const prepared of [false, true]) {
      if (prepared) await satellite.prepare(asked);
      expect(await outputOf(satellite, asked.ref)).toEqual({ stdout: '', stderr: '' });
      expect(await changesOf(satellite, asked.ref)).toEqual([]);
      expect(await satellite.metrics(asked.ref)).toMatchObject({ running: false, pids: { current: 0 } });
      expect(await satellite.status(asked.ref)).toMatchObject({ phase: prepared ? 'created' : 'absent', starts: 0 });
    }
  },

  async exitCodes({ satellite, order }) {
    for (const exitCode of [0, 3, 137]) {
      const asked = order({ args: ['sh', '-c', `exit ${exitCode}`] });
      const end = await runToEnd(satellite, asked);
      expect(end).toMatchObject({ exitCode, starts: 1, oomKilled: false, dockerState: { ExitCode: exitCode } });
      expect(Date.parse(end.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(end.startedAt ?? ''));
      expect(await satellite.status(asked.ref)).toEqual(end);
    }
  },

  async runsScript({ satellite, order, upload }) {
    const text = 'printf "%s|" "$0" "$@" "$NAME" "$PWD"; cat input.txt; echo done >&2';
    const asked = order({
      script: { name: 'my script', source: upload(text) },
      args: ['one two', '', '$HOME'],
      env: { NAME: 'a=b c' },
      data: { source: upload('content'), fileName: 'input.txt' },
      datapath: '/some/where',
    });
    expect(await runToEnd(satellite, asked)).toMatchObject({ exitCode: 0 });
    expect(await outputOf(satellite, asked.ref)).toEqual({
      stdout: '/boatload/my script|one two||$HOME|a=b c|/some/where|content',
      stderr: 'done\n',
    });
    expect(await changesOf(satellite, asked.ref)).toEqual([]);
  },

  async writableMounts({ satellite, order, upload }) {
    const text =
      'id -u; id -g; echo "# more" >> /boatload/script; echo x > /boatload/new; echo y > new; rm old; cd /data';
    const asked = order({
      user: 'boat',
      script: { name: 'script', source: upload(text) },
      data: { source: upload('old'), fileName: 'old' },
      datapath: '/data',
    });
    expect(await runToEnd(satellite, asked)).toMatchObject({ exitCode: 0 });
    expect(await outputOf(satellite, asked.ref)).toEqual({ stdout: '1000\n1000\n', stderr: '' });
    const changes = await changesOf(satellite, asked.ref);
    expect(changes.filter(({ type }) => type !== 'directory').map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'added /boatload/new',
      'modified /boatload/script',
      'added /data/new',
      'deleted /data/old',
    ]);
  },

  async imageCommand({ satellite, order }) {
    const asked = order({ entrypoint: ['echo', 'entry'], args: ['argument'], workdir: '/tmp', user: '1000:7' });
    expect(await runToEnd(satellite, asked)).toMatchObject({ exitCode: 0 });
    expect((await outputOf(satellite, asked.ref)).stdout).toBe('entry argument\n');
  },

  async preparesOnce({ satellite, order, upload }) {
    const asked = order({ args: ['true'], data: { source: upload('x') }, datapath: '/data' });
    await Promise.all(Array.from({ length: 5 }, () => satellite.prepare(asked)));
    await satellite.prepare(asked);
    expect(await satellite.status(asked.ref)).toMatchObject({ phase: 'created', dockerState: {} });
    expect(await runToEnd(satellite, asked)).toMatchObject({ exitCode: 0, starts: 1 });
    await satellite.prepare(asked);
    expect(await satellite.status(asked.ref)).toMatchObject({ phase: 'ended', starts: 1 });
  },

  async startsOnce({ satellite, order }) {
    const asked = order({ args: ['sh', '-c', 'echo started; echo run >> /runs; cat /runs'] });
    await using watch = new EventWatch(satellite);
    await satellite.prepare(asked);
    const statuses = await Promise.all(Array.from({ length: 20 }, () => satellite.start(asked.ref)));
    for (const { phase } of statuses) expect(['running', 'ended']).toContain(phase);
    expect(new Set(statuses.map(({ startedAt }) => startedAt)).size).toBe(1);
    await watch.phase(asked.ref, 'ended');
    expect((await outputOf(satellite, asked.ref)).stdout).toBe('started\nrun\n');
  },

  async endedOnce({ satellite, order }) {
    const asked = order({ args: ['sh', '-c', 'echo started; exit 4'] });
    const end = await runToEnd(satellite, asked);
    expect(await satellite.start(asked.ref)).toEqual(end);
    expect((await outputOf(satellite, asked.ref)).stdout).toBe('started\n');
  },
} satisfies Record<string, SatelliteCheck>;
