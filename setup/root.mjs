import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Where set-up and checks keep their logs; not part of the repository. */
export const logs = join(root, '.boatload', 'logs');

/**
 * A program that npm installed in this checkout.
 * @param {string} name
 */
export function localProgram(name) {
  return join(root, 'node_modules', '.bin', name);
}
