import { idleMetrics, type Metrics } from '@boatload/contract';
import type { ReadOptions } from './archive.ts';
import type { Engine } from './connect.ts';
import { listMember, member, numberMember, textMember } from './json-fields.ts';
import { explainMissing } from './missing-container.ts';

/**
 * A container's use of resources now; all zero when it doesn't run. The Engine takes one to two seconds, in
 * which it measures the processor.
 * @throws attempt_not_found
 */
export async function readStats(engine: Engine, containerId: string, options: ReadOptions = {}): Promise<Metrics> {
  const first = await sample(engine, containerId, options);
  const metrics = metricsOf(first);
  // An Engine that answers without an earlier sample leaves it to us to compare two.
  if (!metrics.running || timeOf(first, 'preread') > 0) return metrics;
  const second = await sample(engine, containerId, options);
  const previous = numberAt(first, 'cpu_stats', 'cpu_usage', 'total_usage');
  const [before, after] = [timeOf(first, 'read'), timeOf(second, 'read')];
  const current = metricsOf(second);
  return { ...current, cpu: { ...current.cpu, percent: percentOf(second, previous, after - before) } };
}

/** Reads an answer of the Engine's stats call: the fields of cgroup v1 and of v2. */
export function metricsOf(stats: unknown): Metrics {
  const read = timeOf(stats, 'read');
  if (read <= 0) return idleMetrics();
  const memory = numberAt(stats, 'memory_stats', 'usage');
  const cache = ['total_inactive_file', 'inactive_file'].map((key) => numberAt(stats, 'memory_stats', 'stats', key));
  const network = Object.values(Object(member(stats, 'networks')));
  return {
    at: new Date(read).toISOString(),
    running: true,
    cpu: {
      usage_seconds: numberAt(stats, 'cpu_stats', 'cpu_usage', 'total_usage') / 1e9,
      percent: percentOf(
        stats,
        numberAt(stats, 'precpu_stats', 'cpu_usage', 'total_usage'),
        read - timeOf(stats, 'preread'),
      ),
    },
    memory: {
      usage_bytes: Math.max(0, memory - (cache.find((bytes) => bytes > 0) ?? 0)),
      // cgroup v2 as the Engine reads it has no peak: what is used now is the most that is known.
      max_usage_bytes: Math.max(numberAt(stats, 'memory_stats', 'max_usage'), memory),
      limit_bytes: numberAt(stats, 'memory_stats', 'limit'),
    },
    network: {
      rx_bytes: network.reduce((sum: number, link) => sum + numberMember(link, 'rx_bytes'), 0),
      tx_bytes: network.reduce((sum: number, link) => sum + numberMember(link, 'tx_bytes'), 0),
    },
    block_io: { read_bytes: blockBytes(stats, 'read'), write_bytes: blockBytes(stats, 'write') },
    pids: { current: numberAt(stats, 'pids_stats', 'current') },
  };
}

async function sample(engine: Engine, containerId: string, options: ReadOptions): Promise<unknown> {
  const path = `/containers/${encodeURIComponent(containerId)}/stats`;
  try {
    return await engine.json({ method: 'GET', path, query: { stream: false }, signal: options.signal });
  } catch (error) {
    throw explainMissing(error);
  }
}

function percentOf(stats: unknown, previousNanoseconds: number, elapsedMilliseconds: number): number {
  const used = numberAt(stats, 'cpu_stats', 'cpu_usage', 'total_usage') - previousNanoseconds;
  // Without an earlier sample the time is counted from the year 1, and the share comes out as 0.
  if (elapsedMilliseconds <= 0 || used <= 0) return 0;
  return Math.round((used / 1e6 / elapsedMilliseconds) * 10_000) / 100;
}

function blockBytes(stats: unknown, direction: 'read' | 'write'): number {
  return listMember(member(stats, 'blkio_stats'), 'io_service_bytes_recursive')
    .filter((counter) => textMember(counter, 'op').toLowerCase() === direction)
    .reduce((sum: number, counter) => sum + numberMember(counter, 'value'), 0);
}

/** Milliseconds since 1970; 0 and less for the time that Go writes for none. */
function timeOf(stats: unknown, key: 'read' | 'preread'): number {
  const time = Date.parse(textMember(stats, key));
  return Number.isNaN(time) ? 0 : time;
}

function numberAt(value: unknown, ...path: readonly [string, ...string[]]): number {
  const parent = path.slice(0, -1).reduce<unknown>((inner, name) => member(inner, name), value);
  return numberMember(parent, path[path.length - 1] ?? '');
}
