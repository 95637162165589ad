import type { Metrics } from '@boatload/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, useService } from '../../harness/suite.ts';
import { until } from '../../harness/until.ts';

const dockerStateKeys = [
  'Dead',
  'Error',
  'ExitCode',
  'FinishedAt',
  'OOMKilled',
  'Paused',
  'Pid',
  'Restarting',
  'Running',
  'StartedAt',
  'Status',
];

/** How a container is, and what it uses. */
export function describeStateAndMetrics(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: state and metrics`, () => {
    const parts = useService(start);
    const ids = { running: '', exited: '', broken: '' };
    beforeAll(async () => {
      const { client } = parts();
      const busy = '#!/bin/sh\nhead -c 20000000 /dev/zero > /tmp/zeros; sha256sum /tmp/zeros\nexec sleep 3600\n';
      ids.running = (await client.submit({ script: busy, memory: '256m' })).id;
      ids.exited = (await client.submit({ script: 'exit 0' })).id;
      ids.broken = (await client.submit({ script: 'exit 5' })).id;
      await Promise.all([client.printed(ids.running, 'zeros'), client.ended(ids.exited), client.ended(ids.broken)]);
    });

    test('state has these keys, no more and no less', async () => {
      const { client } = parts();
      for (const id of Object.values(ids)) {
        const state = await client.state(id);
        expect(Object.keys(state).sort()).toEqual([
          'attempt',
          'docker_state',
          'fleet_state',
          'node',
          'progress',
          'reason',
          'reason_code',
          'state',
        ]);
        expect(Object.keys(state.docker_state).sort()).toEqual(dockerStateKeys);
        expect(Object.keys(state.fleet_state).sort()).toEqual(['activeState', 'loadState', 'name', 'subState']);
        expect(state.fleet_state.name).toContain(id);
        expect(state.node).toMatch(/./);
      }
    });

    test('who runs is active', async () => {
      expect(await parts().client.state(ids.running)).toMatchObject({
        state: 'running',
        docker_state: { Running: true, Status: 'running', Paused: false, Pid: expect.any(Number) },
        fleet_state: { activeState: 'active', loadState: 'loaded', subState: 'running' },
      });
    });

    test('who ended well is inactive, who did not has failed', async () => {
      const { client } = parts();
      expect(await client.state(ids.exited)).toMatchObject({
        state: 'exited',
        docker_state: { Running: false, Status: 'exited', ExitCode: 0 },
        fleet_state: { activeState: 'inactive', subState: 'dead' },
      });
      expect(await client.state(ids.broken)).toMatchObject({
        state: 'exited',
        docker_state: { ExitCode: 5 },
        fleet_state: { activeState: 'failed', subState: 'failed' },
      });
    });

    test('the timeline tells each change of state with its time', async () => {
      const { timeline, created_at, started_at, finished_at, attempts, node } = await parts().client.info(ids.broken);
      expect(timeline.map(({ state }) => state)).toEqual(['submitted', 'staging', 'starting', 'running', 'exited']);
      const times = timeline.map(({ at }) => Date.parse(at));
      expect(times.toSorted((a, b) => a - b)).toEqual(times);
      expect(timeline[0]?.at).toBe(created_at);
      expect(attempts).toEqual([
        {
          attempt: 1,
          state: 'exited',
          node,
          started_at,
          finished_at,
          exit_code: 5,
          oom_killed: false,
          reason: null,
          reason_code: null,
        },
      ]);
    });

    test('metrics of who runs tell what is used', async () => {
      const { client } = parts();
      const metrics = await client.json<Metrics>(`/v1/container/${ids.running}/metrics`);
      expect(metrics).toEqual({
        at: expect.stringMatching(/^\d{4}-.+Z$/),
        running: true,
        cpu: { usage_seconds: expect.any(Number), percent: expect.any(Number) },
        memory: { usage_bytes: expect.any(Number), max_usage_bytes: expect.any(Number), limit_bytes: 268_435_456 },
        network: { rx_bytes: expect.any(Number), tx_bytes: expect.any(Number) },
        block_io: { read_bytes: expect.any(Number), write_bytes: expect.any(Number) },
        pids: { current: 1 },
      });
      expect(metrics.cpu.usage_seconds).toBeGreaterThan(0.01);
      expect(metrics.cpu.usage_seconds).toBeLessThan(60);
      expect(metrics.memory.usage_bytes).toBeGreaterThan(10_000);
      expect(metrics.memory.max_usage_bytes).toBeGreaterThanOrEqual(metrics.memory.usage_bytes);
      expect(Math.abs(Date.now() - Date.parse(metrics.at))).toBeLessThan(30_000);
    });

    test('a busy processor is seen', async () => {
      const { client } = parts();
      const { id } = await client.submit({ script: '#!/bin/sh\nwhile :; do :; done\n', cpus: 0.5 });
      await client.reached(id, 'running');
      const metrics = await until(
        () => client.json<Metrics>(`/v1/container/${id}/metrics`),
        ({ cpu }) => cpu.percent > 15,
        'the processor to be busy',
      );
      expect(metrics.cpu.percent).toBeLessThan(80);
      await client.remove(id);
    });

    test('metrics of who has ended are zero', async () => {
      const metrics = await parts().client.json<Metrics>(`/v1/container/${ids.exited}/metrics`);
      expect(metrics).toMatchObject({ running: false, memory: { usage_bytes: 0 }, pids: { current: 0 } });
      expect(metrics.cpu.percent).toBe(0);
    });

    promiseNothingLeft(parts);
  });
}
