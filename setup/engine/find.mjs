import { listHosts } from './address.mjs';
import { askEngine } from './request.mjs';

/**
 * What became of asking one address: `denied` is a socket that this user may not open.
 * @typedef {{ readonly host: string, readonly outcome: 'answers' | 'absent' | 'denied' | 'silent', readonly detail: string }} Probe
 */

/**
 * Asks an Engine for a sign of life.
 * @param {string} host As DOCKER_HOST is written.
 * @param {number} [timeout] Milliseconds. Default 3000.
 * @returns {Promise<Probe>}
 */
export async function probe(host, timeout = 3000) {
  try {
    const { status, body } = await askEngine({ host, path: '/_ping', timeout });
    if (status === 200) return { host, outcome: 'answers', detail: body.trim() };
    return { host, outcome: 'silent', detail: `it answers with status ${status}` };
  } catch (error) {
    return explain(host, error);
  }
}

/**
 * Looks for an Engine: where DOCKER_HOST points, and only there if it is set.
 * @param {Readonly<Record<string, string | undefined>>} [env]
 * @returns {Promise<readonly Probe[]>} Up to the first one that answers.
 */
export async function findEngine(env = process.env) {
  const hosts = env.DOCKER_HOST ? [env.DOCKER_HOST] : listHosts(env);
  /** @type {Probe[]} */
  const probes = [];
  for (const host of hosts) {
    const found = await probe(host);
    probes.push(found);
    if (found.outcome === 'answers') break;
  }
  return probes;
}

/**
 * @param {string} host
 * @param {unknown} error
 * @returns {Probe}
 */
function explain(host, error) {
  if (!(error instanceof Error) || !('code' in error)) {
    if (error instanceof Error && error.name === 'SetupFailure') throw error;
    return { host, outcome: 'silent', detail: error instanceof Error ? error.message : String(error) };
  }
  if (error.code === 'ENOENT') return { host, outcome: 'absent', detail: 'there is no such socket' };
  if (error.code === 'EACCES') return { host, outcome: 'denied', detail: 'this user may not open it' };
  if (error.code === 'ECONNREFUSED') return { host, outcome: 'silent', detail: 'nobody listens there' };
  return { host, outcome: 'silent', detail: error.message };
}
