import { Announcer } from './announcer.mjs';
import { build } from './build.mjs';
import { defaultHost } from './engine/address.mjs';
import { ensureEngine } from './engine/engine.mjs';
import { requireNode } from './node-version.mjs';
import { installPackages } from './packages.mjs';
import { ensureSampleImage } from './sample-image/sample-image.mjs';

/**
 * Brings this machine to where BoatLoad runs, and says what it does for that. What is in order is left alone.
 * @param {{ readonly compile?: boolean }} [options] `compile`: build the packages, too. Default true.
 * @returns {Promise<{ readonly dockerHost: string, readonly spoke: boolean }>} The Engine's address, as
 *   DOCKER_HOST is written, and whether there was anything to tell.
 */
export async function setUp({ compile = true } = {}) {
  const announcer = new Announcer();
  requireNode();
  await installPackages(announcer);
  if (compile) await build(announcer);
  const dockerHost = await ensureEngine(announcer);
  await ensureSampleImage(announcer, dockerHost);
  if (dockerHost !== defaultHost && dockerHost !== process.env.DOCKER_HOST) {
    announcer.note('Docker Engine', `answers at ${dockerHost}; for other programs: export DOCKER_HOST=${dockerHost}`);
  }
  return { dockerHost, spoke: announcer.spoke };
}
