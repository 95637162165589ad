import { join } from 'node:path';
import type { AttemptOrder } from '@boatload/contract';
import { scriptDirectory } from '../staging/plan-script.ts';
import type { MountRecord, ViewLayers } from '../state/attempt-record.ts';
import { permitName } from '../state/attempt-store.ts';

/** Where the views of an attempt are to lie; absolute paths. */
export interface ViewPlaces {
  /** The attempt's own directory for its mounts. */
  readonly directory: string;
  /** The data as they were staged; absent if there are none. */
  readonly data?: string;
}

/**
 * The mounts that an order needs, as volumes named after the attempt.
 * @param places where the volumes are views; without it they are plain
 */
export function planMounts(order: AttemptOrder, places?: ViewPlaces): readonly MountRecord[] {
  const name = permitName(order.ref, 1);
  const plan = (kind: 'script' | 'data', path: string): MountRecord => ({
    path,
    kind,
    volume: `${name}-${kind}`,
    ...(places === undefined ? {} : { view: layersOf(kind, places) }),
  });
  return [
    ...(order.script === undefined ? [] : [plan('script', scriptDirectory)]),
    ...(order.datapath === undefined ? [] : [plan('data', plainPath(order.datapath))]),
  ];
}

function layersOf(kind: 'script' | 'data', { directory, data }: ViewPlaces): ViewLayers {
  const own = join(directory, kind);
  const lower = kind === 'data' && data !== undefined ? data : join(own, 'lower');
  return { lower, upper: join(own, 'upper') };
}

/** A path as the Engine writes it: no doubled slashes, none at the end. */
export function plainPath(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}
