import { afterAll, expect, test } from 'vitest';
import { connectEngine, metricsOf, readStats } from '../src/index.ts';
import { makeScratch } from './scratch-container.ts';

const engine = connectEngine();
afterAll(() => engine.close());

test('a running container uses processor and memory', async () => {
  await using scratch = await makeScratch(engine, { script: 'echo ready; while :; do :; done', ready: true });
  const metrics = await readStats(engine, scratch.id);
  expect(metrics.running).toBe(true);
  expect(metrics.cpu.percent).toBeGreaterThan(5);
  expect(metrics.cpu.percent).toBeLessThan(150);
  expect(metrics.cpu.usage_seconds).toBeGreaterThan(0);
  expect(metrics.memory.usage_bytes).toBeGreaterThan(0);
  expect(metrics.memory.max_usage_bytes).toBeGreaterThanOrEqual(metrics.memory.usage_bytes);
  expect(metrics.memory.limit_bytes).toBeGreaterThan(metrics.memory.usage_bytes);
  expect(metrics.pids.current).toBe(1);
  expect(Math.abs(Date.parse(metrics.at) - Date.now())).toBeLessThan(60_000);
});

test('a container that ended uses nothing', async () => {
  await using scratch = await makeScratch(engine, { script: 'true' });
  const metrics = await readStats(engine, scratch.id);
  expect(metrics).toMatchObject({ running: false, pids: { current: 0 }, memory: { usage_bytes: 0 } });
  expect(metrics.cpu).toEqual({ usage_seconds: 0, percent: 0 });
});

test('a container that is not there has no metrics', async () => {
  await expect(readStats(engine, 'nobody')).rejects.toMatchObject({ code: 'attempt_not_found' });
});

/** An Engine with cgroup v2 cannot be had everywhere: its answer, in the shape that its API documents. */
const version2 = {
  read: '2026-01-01T00:00:02.0Z',
  preread: '2026-01-01T00:00:01.0Z',
  pids_stats: { current: 3, limit: 100 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'read', value: 4096 },
      { major: 8, minor: 16, op: 'read', value: 1 },
      { major: 8, minor: 0, op: 'write', value: 512 },
    ],
    io_serviced_recursive: null,
  },
  cpu_stats: { cpu_usage: { total_usage: 2_500_000_000 }, system_cpu_usage: 1, online_cpus: 2 },
  precpu_stats: { cpu_usage: { total_usage: 2_000_000_000 } },
  memory_stats: { usage: 1000, limit: 5000, stats: { inactive_file: 300, active_file: 1 } },
  networks: { eth0: { rx_bytes: 10, tx_bytes: 20 }, eth1: { rx_bytes: 1, tx_bytes: 2 } },
};

test('the fields of cgroup v2 are read', () => {
  expect(metricsOf(version2)).toEqual({
    at: '2026-01-01T00:00:02.000Z',
    running: true,
    cpu: { usage_seconds: 2.5, percent: 50 },
    memory: { usage_bytes: 700, max_usage_bytes: 1000, limit_bytes: 5000 },
    network: { rx_bytes: 11, tx_bytes: 22 },
    block_io: { read_bytes: 4097, write_bytes: 512 },
    pids: { current: 3 },
  });
});
