import { connectEngine } from '@boatload/engine';
import { afterAll, expect, test } from 'vitest';
import { readMetrics } from '../../src/metrics/read-metrics.ts';
import { makeTarget } from '../read-target.ts';

const engine = connectEngine();
afterAll(() => engine.close());

test('a running container has metrics, one that ended has zeros', async () => {
  await using running = await makeTarget(engine, { script: 'echo ready; while :; do :; done', ready: true });
  const now = await readMetrics(engine, running.target);
  expect(now.running).toBe(true);
  expect(now.cpu.usage_seconds).toBeGreaterThan(0);
  expect(now.memory.usage_bytes).toBeGreaterThan(0);
  await using ended = await makeTarget(engine, { script: 'true' });
  const none = await readMetrics(engine, ended.target);
  expect(none).toMatchObject({ running: false, cpu: { usage_seconds: 0 }, memory: { usage_bytes: 0, limit_bytes: 0 } });
});
