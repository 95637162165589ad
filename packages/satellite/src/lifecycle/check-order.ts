import { type AttemptOrder, BoatLoadError } from '@boatload/contract';
import { safeFileName } from '@boatload/fetch';
import { plainPath } from '../mounts/mount-plan.ts';
import { scriptDirectory } from '../staging/plan-script.ts';

/**
 * What a satellite insists on, whoever sends it orders.
 * @throws invalid_field
 */
export function checkOrder(order: AttemptOrder): void {
  const name = order.script?.name;
  if (name !== undefined && safeFileName(name) !== name) {
    throw invalid('scriptname', `The script's name ${JSON.stringify(name)} is not a plain file name.`);
  }
  const path = order.datapath;
  if (path === undefined && order.data !== undefined) {
    throw invalid('datapath', 'There are data but no datapath: say where in the container they are to lie.');
  }
  if (path !== undefined && !isMountable(path)) {
    throw invalid('datapath', `${path} cannot take data: give an absolute path other than / and /boatload.`);
  }
}

function isMountable(path: string): boolean {
  if (!path.startsWith('/') || path.includes('\0') || path.split('/').includes('..')) return false;
  const plain = plainPath(path);
  return plain !== '/' && plain !== scriptDirectory && !plain.startsWith(`${scriptDirectory}/`);
}

function invalid(field: string, message: string): BoatLoadError {
  return new BoatLoadError('invalid_field', message, { field });
}
