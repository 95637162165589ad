import type { FileStat } from '@boatload/contract';
import type { Engine, ReadOptions } from '@boatload/engine';
import type { ReadTarget } from '../state/attempt-record.ts';
import { toBytes } from './container-path.ts';
import { locate } from './locate.ts';

/**
 * Tells what is at a path, symbolic links followed within the container; `path` of the answer is where they led.
 * @throws file_not_found
 */
export async function statPath(
  engine: Engine,
  target: ReadTarget,
  path: Uint8Array,
  options: ReadOptions = {},
): Promise<FileStat> {
  const { key, stat } = await locate(engine, target.containerId, path, options);
  const type = stat.type === 'file' || stat.type === 'directory' ? stat.type : 'other';
  return { path: toBytes(key), type, size: stat.size, mode: stat.mode, mtime: stat.mtime };
}
