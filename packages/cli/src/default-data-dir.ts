import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where state lies unless the user says otherwise: where the system keeps services' state for root, where the
 * XDG specification keeps programs' state for others. Not the current folder: started from anywhere, the
 * service must find its containers again.
 */
export function defaultDataDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/boatload';
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'boatload');
}
