import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { requestOptionsOf } from './address.mjs';

/**
 * @typedef {object} EngineRequest
 * @property {string} host As DOCKER_HOST is written.
 * @property {string} path From `/`, with its query.
 * @property {'GET' | 'POST' | 'DELETE'} [method] Default GET.
 * @property {unknown} [json] Sent as JSON.
 * @property {AsyncIterable<Uint8Array>} [body] Sent as it comes.
 * @property {number} [timeout] Milliseconds without a sign of life. Default: none.
 */

/**
 * Sends one request to an Engine. Its answer is read whole: those that set-up asks for are short.
 * @param {EngineRequest} request
 * @returns {Promise<{ readonly status: number, readonly body: string }>}
 */
export async function askEngine({ host, path, method = 'GET', json, body, timeout }) {
  const { tls, options } = requestOptionsOf(host);
  const outgoing = (tls ? requestHttps : requestHttp)({
    ...options,
    path,
    method,
    agent: false,
    headers: { Host: 'docker', ...headersOf(json, body) },
    ...(timeout === undefined ? {} : { timeout }),
  });
  outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${timeout} ms`)));
  /** @type {Promise<import('node:http').IncomingMessage>} */
  const answered = new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
  });
  if (body === undefined) outgoing.end(json === undefined ? undefined : JSON.stringify(json));
  // Its failure reaches `answered`, too, unless the Engine refused the body and answered before it read all of it:
  // then that answer says more than the broken pipe.
  else pipeline(body, outgoing).catch(() => undefined);
  const answer = await answered;
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}

/**
 * @param {unknown} json
 * @param {unknown} body
 * @returns {Record<string, string>}
 */
function headersOf(json, body) {
  if (body !== undefined) return { 'Content-Type': 'application/x-tar' };
  if (json !== undefined) return { 'Content-Type': 'application/json' };
  return {};
}
