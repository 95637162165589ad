import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SetupFailure } from '../failure.mjs';

/** The address at which programs look for an Engine when nobody tells them one. */
export const defaultHost = 'unix:///var/run/docker.sock';

/**
 * Where an Engine may listen on this machine, the likeliest first, as DOCKER_HOST writes it.
 * @param {Readonly<Record<string, string | undefined>>} [env]
 * @param {string} [home]
 * @returns {readonly string[]}
 */
export function listHosts(env = process.env, home = homedir()) {
  const runtime = env.XDG_RUNTIME_DIR;
  const sockets = [
    '/var/run/docker.sock',
    ...(runtime ? [join(runtime, 'docker.sock'), join(runtime, 'podman', 'podman.sock')] : []),
    '/run/podman/podman.sock',
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.colima', 'default', 'docker.sock'),
  ];
  return sockets.map((socket) => `unix://${socket}`);
}

/**
 * The options of `node:http` that lead to an address, and whether TLS is spoken there.
 * @param {string} host As DOCKER_HOST is written.
 * @param {Readonly<Record<string, string | undefined>>} [env]
 * @returns {{ readonly tls: boolean, readonly options: import('node:https').RequestOptions }}
 */
export function requestOptionsOf(host, env = process.env) {
  if (host.startsWith('unix://')) return { tls: false, options: { socketPath: host.slice('unix://'.length) } };
  const url = /^(?:tcp|https?):\/\//.test(host) && URL.canParse(host) ? new URL(host) : undefined;
  if (url === undefined) {
    throw new SetupFailure(
      `DOCKER_HOST is «${host}», which BoatLoad cannot use: write unix:///path/to/docker.sock or tcp://host:port.\nFor an Engine behind SSH, forward its socket first:\n\n  ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock user@host &\n  export DOCKER_HOST=unix:///tmp/engine.sock`,
    );
  }
  const material = readTls(env);
  const tls = url.protocol === 'https:' || material !== undefined;
  const port = url.port || (tls ? 2376 : 2375);
  return { tls, options: { hostname: url.hostname.replace(/^\[|\]$/g, ''), port, ...material } };
}

/**
 * The key material that DOCKER_CERT_PATH and DOCKER_TLS_VERIFY name, as the docker command reads them.
 * @param {Readonly<Record<string, string | undefined>>} env
 */
function readTls(env) {
  if (!env.DOCKER_TLS_VERIFY && !env.DOCKER_CERT_PATH) return undefined;
  const folder = env.DOCKER_CERT_PATH || join(homedir(), '.docker');
  const read = (/** @type {string} */ name) => readFileSync(join(folder, name));
  try {
    return {
      ca: read('ca.pem'),
      cert: read('cert.pem'),
      key: read('key.pem'),
      rejectUnauthorized: Boolean(env.DOCKER_TLS_VERIFY),
    };
  } catch (cause) {
    throw new SetupFailure(
      `The TLS files ca.pem, cert.pem and key.pem of the Docker Engine cannot be read in ${folder}: correct DOCKER_CERT_PATH, or unset it together with DOCKER_TLS_VERIFY.`,
      { cause },
    );
  }
}
