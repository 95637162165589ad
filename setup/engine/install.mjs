import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { logs } from '../root.mjs';
import { requireSuccess, runLogged } from '../run-logged.mjs';

const log = join(logs, 'apt.log');
const lists = '/var/lib/apt/lists';

/**
 * The path of a program, if it is installed.
 * @param {string} name
 */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

/**
 * Installs Debian's own Docker Engine. The packages list is fetched where there is none or where it has
 * become too old to find the packages by it.
 * @param {import('../announcer.mjs').Announcer} announcer
 */
export async function installEngine(announcer) {
  const line = announcer.begin('Docker Engine', "none answers: installing this system's docker.io package");
  try {
    const listed = existsSync(lists) && readdirSync(lists).some((name) => name.includes('_Packages'));
    if (!listed || (await runLogged({ ...apt('install', 'docker.io', 'iptables'), log })) !== 0) {
      await requireSuccess({
        ...apt('update'),
        log,
        failed: 'The list of packages could not be fetched: apt-get update failed.',
        next: 'Check the network and /etc/apt/sources.list, then run this command again.',
      });
      await requireSuccess({
        ...apt('install', 'docker.io', 'iptables'),
        log,
        failed: 'Docker Engine could not be installed: apt-get install docker.io failed.',
        next: 'Correct what apt-get says above (dpkg --configure -a helps after an interrupted installation), then run this command again.',
      });
    }
  } catch (error) {
    line.failed();
    throw error;
  }
  line.done();
}

/**
 * @param {'update' | 'install'} verb
 * @param {readonly string[]} packages
 */
function apt(verb, ...packages) {
  return {
    command: 'apt-get',
    args: [
      '-o',
      'DPkg::Lock::Timeout=120',
      '-y',
      verb,
      ...(verb === 'install' ? ['--no-install-recommends'] : []),
      ...packages,
    ],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  };
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
