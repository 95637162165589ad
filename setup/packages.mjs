import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logs, root } from './root.mjs';
import { requireSuccess } from './run-logged.mjs';

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {readonly string[]} [os]
 * @property {readonly string[]} [cpu]
 */

/**
 * Installs the npm packages that the lockfile names, if node_modules does not hold just these.
 * @param {import('./announcer.mjs').Announcer} announcer
 * @param {string} [folder]
 */
export async function installPackages(announcer, folder = root) {
  if (arePackagesInstalled(folder)) return;
  const line = announcer.begin('npm packages', 'installing from the lockfile');
  try {
    await requireSuccess({
      command: 'npm',
      args: ['ci', '--no-fund', '--no-audit', '--loglevel=notice'],
      log: join(logs, 'npm-ci.log'),
      cwd: folder,
      failed: 'The npm packages could not be installed: npm ci failed.',
      next: 'If the registry cannot be reached, check the network and any proxy (npm config get registry), then run this command again.',
    });
  } catch (error) {
    line.failed();
    throw error;
  }
  line.done();
}

/**
 * Whether node_modules holds what package-lock.json says: npm writes down what it installed once all of it
 * is in place, so an interrupted installation does not count.
 * @param {string} folder
 */
export function arePackagesInstalled(folder) {
  const wanted = readEntries(join(folder, 'package-lock.json'));
  const present = readEntries(join(folder, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  const missing = [...wanted].some(([path, entry]) => isNeeded(path, entry) && !isSame(present.get(path), entry));
  const foreign = [...present].some(([path, entry]) => !isSame(wanted.get(path), entry) || !isForHere(entry));
  return !missing && !foreign;
}

/**
 * @param {string} file
 * @returns {Map<string, LockEntry> | undefined}
 */
function readEntries(file) {
  try {
    /** @type {{ packages?: Record<string, LockEntry> }} */
    const lock = JSON.parse(readFileSync(file, 'utf8'));
    return new Map(Object.entries(lock.packages ?? {}));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path
 * @param {LockEntry} entry
 */
function isNeeded(path, entry) {
  return path.includes('node_modules/') && entry.optional !== true;
}

/**
 * @param {LockEntry | undefined} left
 * @param {LockEntry} right
 */
function isSame(left, right) {
  return left !== undefined && left.version === right.version && left.link === right.link;
}

/**
 * Whether a package that is installed was meant for this system: a checkout may be shared between two.
 * @param {LockEntry} entry
 */
function isForHere(entry) {
  return (entry.os?.includes(process.platform) ?? true) && (entry.cpu?.includes(process.arch) ?? true);
}
