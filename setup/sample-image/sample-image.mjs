import { askEngine } from '../engine/request.mjs';
import { SetupFailure } from '../failure.mjs';
import { importImage, inspectImage, removeImage, runInImage } from './engine-image.mjs';
import { collectHostFiles } from './host-files.mjs';
import { packRootFilesystem } from './pack.mjs';
import { hashRecipe, sampleImage } from './recipe.mjs';

const engineArchitectures = /** @type {Readonly<Record<string, string>>} */ ({ x64: 'amd64', arm64: 'arm64' });

/**
 * Makes sure that the Engine has the sample image: Node, a shell and the usual programs of this machine. No
 * registry is asked for it.
 * @param {import('../announcer.mjs').Announcer} announcer
 * @param {string} host The Engine's address.
 */
export async function ensureSampleImage(announcer, host) {
  const present = await inspectImage(host);
  const recipe = hashRecipe();
  if (present?.recipe === recipe) return;
  const foreign = await tellForeignEngine(host);
  // An image of that name that its user brought is as good as ours, where ours cannot be had.
  if (foreign !== undefined && present !== undefined) return;
  if (foreign !== undefined) throw new SetupFailure(foreign);
  const line = announcer.begin('sample image', `building ${sampleImage} from this machine's node ${process.version}`);
  try {
    await importImage(host, packRootFilesystem(collectHostFiles()), recipe);
    await runInImage(host, ['node', '-e', "require('node:crypto').randomUUID()"]);
  } catch (error) {
    line.failed();
    throw error;
  }
  if (present?.recipe !== undefined) await removeImage(host, present.id);
  line.done();
}

/**
 * Why this machine's programs would not run on the Engine, and what to do; undefined if they would.
 * @param {string} host
 */
async function tellForeignEngine(host) {
  const { body } = await askEngine({ host, path: '/version' });
  /** @type {{ Os?: string, Arch?: string }} */
  const engine = JSON.parse(body);
  const same =
    process.platform === 'linux' &&
    engine.Os === 'linux' &&
    engine.Arch === (engineArchitectures[process.arch] ?? process.arch);
  if (same) return undefined;
  return [
    `The sample image is made of this machine's own programs (${process.platform}, ${process.arch}), and the Engine at ${host} runs ${engine.Os}, ${engine.Arch}. Take a public image with Node and a shell in its place, then run this command again:`,
    '',
    '  docker pull node:22-slim',
    `  docker tag node:22-slim ${sampleImage}`,
  ].join('\n');
}
