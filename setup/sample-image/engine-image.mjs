import { askEngine } from '../engine/request.mjs';
import { SetupFailure } from '../failure.mjs';
import { recipeLabel, sampleImage, searchPath } from './recipe.mjs';

/**
 * @typedef {object} PresentImage
 * @property {string} id
 * @property {string | undefined} recipe The recipe that it was built from, if set-up built it.
 */

/**
 * The sample image as the Engine has it.
 * @param {string} host
 * @returns {Promise<PresentImage | undefined>}
 */
export async function inspectImage(host) {
  const { status, body } = await askEngine({ host, path: `/images/${sampleImage}/json` });
  if (status === 404) return undefined;
  if (status !== 200) throw refusal('look at the sample image', body);
  /** @type {{ Id: string, Config?: { Labels?: Record<string, string> | null } | null }} */
  const image = JSON.parse(body);
  return { id: image.Id, recipe: image.Config?.Labels?.[recipeLabel] };
}

/**
 * Makes an image of a root file system, under the sample image's name.
 * @param {string} host
 * @param {AsyncIterable<Uint8Array>} filesystem A tar.
 * @param {string} recipe
 */
export async function importImage(host, filesystem, recipe) {
  const query = new URLSearchParams({ fromSrc: '-', repo: 'boatload/sample', tag: 'latest' });
  for (const change of [`ENV PATH=${searchPath}`, 'CMD ["/bin/sh"]', `LABEL ${recipeLabel}=${recipe}`]) {
    query.append('changes', change);
  }
  const { status, body } = await askEngine({ host, path: `/images/create?${query}`, method: 'POST', body: filesystem });
  // What goes wrong once the import has begun is told in the answer's body only.
  if (status !== 200 || body.includes('"errorDetail"')) throw refusal('import the sample image', body);
}

/**
 * Removes an image that set-up built before. One that is still in use stays.
 * @param {string} host
 * @param {string} id
 */
export async function removeImage(host, id) {
  await askEngine({ host, path: `/images/${id}`, method: 'DELETE' });
}

/**
 * Runs a command in a container of the sample image, as the user whom scripts may choose.
 * @param {string} host
 * @param {readonly string[]} command
 * @throws SetupFailure with its output, when it fails
 */
export async function runInImage(host, command) {
  const create = { Image: sampleImage, Cmd: command, User: 'boat', Tty: true, NetworkDisabled: true };
  const made = await askEngine({ host, path: '/containers/create', method: 'POST', json: create });
  if (made.status !== 201) throw refusal('make a container of the sample image', made.body);
  /** @type {{ Id: string }} */
  const { Id: id } = JSON.parse(made.body);
  try {
    const started = await askEngine({ host, path: `/containers/${id}/start`, method: 'POST' });
    if (started.status !== 204) throw refusal('start a container of the sample image', started.body);
    const waited = await askEngine({ host, path: `/containers/${id}/wait`, method: 'POST' });
    /** @type {{ StatusCode: number }} */
    const { StatusCode: code } = JSON.parse(waited.body);
    if (code === 0) return;
    const output = await askEngine({ host, path: `/containers/${id}/logs?stdout=1&stderr=1` });
    throw refusal(`run «${command.join(' ')}» in the sample image (exit code ${code})`, output.body);
  } finally {
    await askEngine({ host, path: `/containers/${id}?force=1&v=1`, method: 'DELETE' });
  }
}

/**
 * @param {string} what
 * @param {string} answer
 */
function refusal(what, answer) {
  return new SetupFailure(
    `The Docker Engine could not ${what}. It says:\n\n  ${answer.trim()}\n\nCheck its log and the free space on its disk (docker system df), then run this command again.`,
  );
}
