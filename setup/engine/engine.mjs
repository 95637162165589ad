import { SetupFailure } from '../failure.mjs';
import { defaultHost } from './address.mjs';
import { adviseDockerHost, adviseInstallation, advisePermission, adviseStart } from './advice.mjs';
import { findEngine } from './find.mjs';
import { findProgram, installEngine } from './install.mjs';
import { startEngine } from './start.mjs';

/**
 * Makes sure that a Docker Engine answers. One that does is used as it is; where none does, this system's
 * own is installed and started, if this is allowed to.
 * @param {import('../announcer.mjs').Announcer} announcer
 * @returns {Promise<string>} Its address, as DOCKER_HOST is written.
 */
export async function ensureEngine(announcer) {
  const probes = await findEngine();
  const found = probes.find((probe) => probe.outcome === 'answers');
  if (found !== undefined) return found.host;
  refuseWhereUseless(probes);
  if (findProgram('dockerd') === undefined) await installEngine(announcer);
  await startEngine(announcer);
  return defaultHost;
}

/** @param {readonly import('./find.mjs').Probe[]} probes */
function refuseWhereUseless(probes) {
  const [first] = probes;
  if (process.env.DOCKER_HOST && first !== undefined) throw new SetupFailure(adviseDockerHost(first));
  // Only this socket is opened to others by joining a group.
  const denied = probes.find((probe) => probe.outcome === 'denied' && probe.host === defaultHost);
  if (denied !== undefined) throw new SetupFailure(advisePermission(denied));
  const installed = process.platform === 'linux' && findProgram('dockerd') !== undefined;
  const root = process.getuid?.() === 0;
  if (installed && !root) throw new SetupFailure(adviseStart());
  if (installed) return;
  const why = process.platform !== 'linux' ? 'that takes Linux' : root ? undefined : 'you are not root';
  if (why !== undefined) throw new SetupFailure(adviseInstallation(why, probes));
  if (findProgram('apt-get') === undefined)
    throw new SetupFailure(adviseInstallation('this system has no apt-get', probes));
}
