import type { Metrics } from '@boatload/contract';
import { type Engine, type ReadOptions, readStats } from '@boatload/engine';
import type { ReadTarget } from '../state/attempt-record.ts';

/**
 * An attempt's use of resources now; all zero when its container doesn't run. Takes the one to two seconds in
 * which the Engine measures the processor.
 */
export async function readMetrics(engine: Engine, target: ReadTarget, options: ReadOptions = {}): Promise<Metrics> {
  return await readStats(engine, target.containerId, options);
}
