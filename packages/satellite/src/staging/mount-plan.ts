import type { AttemptOrder } from '@boatload/contract';
import type { MountRecord } from '../state/attempt-record.ts';
import { permitName } from '../state/attempt-store.ts';
import { scriptDirectory } from './plan-script.ts';

/** The volumes that an order needs, named after its attempt. */
export function planMounts(order: AttemptOrder): readonly MountRecord[] {
  const name = permitName(order.ref, 1);
  const mounts: MountRecord[] = [];
  if (order.script !== undefined) {
    mounts.push({ path: scriptDirectory, volume: `${name}-script`, kind: 'script' });
  }
  if (order.datapath !== undefined) {
    mounts.push({ path: plainPath(order.datapath), volume: `${name}-data`, kind: 'data' });
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
