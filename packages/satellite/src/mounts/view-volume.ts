import { join } from 'node:path';
import type { ViewLayers } from '../state/attempt-record.ts';

/** The directory that an overlay needs for its own work; it lies beside the upper one, on the same file system. */
export function workDirectoryOf({ upper }: ViewLayers): string {
  return join(upper, '..', 'work');
}

/** Options with which the Engine's volume driver `local` mounts a view. */
export function viewOptions(layers: ViewLayers, features: OverlayFeatures): Readonly<Record<string, string>> {
  const { lower, upper } = layers;
  const directories = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${workDirectoryOf(layers)}`];
  return { type: 'overlay', device: 'overlay', o: [...directories, ...features].join(',') };
}

/** Mount options that turn off what would keep a change from lying in the upper directory as it is. */
export type OverlayFeatures = readonly string[];

/**
 * Kernels may turn these on by themselves: with them a renamed directory stays empty, a changed mode leaves a
 * hollow file, and a directory that was used before is refused.
 */
export const unwantedFeatures = ['redirect_dir', 'metacopy', 'index'] as const;

/** Whether a path can stand in the options of a mount, which have no way to write these characters. */
export function isMountablePath(path: string): boolean {
  return !/[,:\\"\n]/.test(path);
}
