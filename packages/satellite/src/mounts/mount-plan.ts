import { join } from 'node:path';
import type { AttemptOrder } from '@boatload/contract';
import { scriptDirectory } from '../staging/plan-script.ts';
import type { MountRecord } from '../state/attempt-record.ts';
import { permitName } from '../state/attempt-store.ts';

/**
 * The mounts that an order needs.
 * @param directory where they lie as directories; without it they are volumes named after the attempt
 */
export function planMounts(order: AttemptOrder, directory?: string): readonly MountRecord[] {
  const name = permitName(order.ref, 1);
  const place = (kind: 'script' | 'data'): Pick<MountRecord, 'volume' | 'directory'> =>
    directory === undefined ? { volume: `${name}-${kind}` } : { directory: join(directory, kind) };
  const mounts: MountRecord[] = [];
  if (order.script !== undefined) {
    mounts.push({ path: scriptDirectory, kind: 'script', ...place('script') });
  }
  if (order.datapath !== undefined) {
    mounts.push({ path: plainPath(order.datapath), kind: 'data', ...place('data') });
  }
  return mounts;
}

/** A path as the Engine writes it: no doubled slashes, none at the end. */
export function plainPath(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}
