import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoatLoadError } from '@boatload/contract';

/** Key material for an Engine that listens on TCP with TLS, in PEM. */
export interface EngineTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Whether the Engine's certificate must be valid. Default true. */
  readonly verify?: boolean;
}

export interface EngineOptions {
  /** As DOCKER_HOST is written: `unix:///path`, `tcp://host:port`. Default `unix:///var/run/docker.sock`. */
  readonly host?: string;
  /** Default: no TLS, except for `https://`. */
  readonly tls?: EngineTls;
}

/** Where requests go, in the words of node:http. */
export interface EngineAddress {
  readonly socketPath?: string;
  readonly hostname?: string;
  readonly port?: number;
  /** What stands before every path, without a slash at its end. */
  readonly prefix: string;
  readonly tls: EngineTls | undefined;
}

const tcpSchemes: ReadonlySet<string> = new Set(['tcp', 'http', 'https']);
const defaultSocket = '/var/run/docker.sock';

/**
 * Reads the variables that the docker command reads: DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH.
 * @param host wins over DOCKER_HOST
 */
export function engineOptionsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  host?: string,
): EngineOptions {
  const chosen = host ?? (env.DOCKER_HOST || undefined);
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  const directory = env.DOCKER_CERT_PATH || undefined;
  const options = chosen === undefined ? {} : { host: chosen };
  if (!verify && directory === undefined) return options;
  const folder = directory ?? join(env.HOME ?? '/root', '.docker');
  return { ...options, tls: { ...readTls(folder), verify } };
}

/** @throws engine_unavailable when the address cannot be understood */
export function parseEngineHost(options: EngineOptions): EngineAddress {
  const host = options.host ?? `unix://${defaultSocket}`;
  if (host.startsWith('unix://')) {
    return { socketPath: host.slice('unix://'.length) || defaultSocket, prefix: '', tls: undefined };
  }
  const [, scheme = 'tcp', authority = '', path = ''] = /^(?:([a-z]+):\/\/)?([^/]*)(\/.*)?$/.exec(host) ?? [];
  const address = authority === '' ? undefined : parseUrl(`http://${authority}`);
  if (address === undefined || !tcpSchemes.has(scheme)) throw unknownHost(host);
  const tls = options.tls ?? (scheme === 'https' ? {} : undefined);
  return {
    hostname: address.hostname.replace(/^\[|\]$/g, ''),
    port: Number(address.port || (tls === undefined ? 2375 : 2376)),
    prefix: path.replace(/\/+$/, ''),
    tls,
  };
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function unknownHost(host: string): BoatLoadError {
  return new BoatLoadError(
    'engine_unavailable',
    `The Docker host «${host}» cannot be used: write unix:///path/to/docker.sock or tcp://host:port. For an Engine behind SSH, forward its socket first: ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock user@host`,
  );
}

function readTls(folder: string): EngineTls {
  try {
    return {
      ca: readFileSync(join(folder, 'ca.pem')),
      cert: readFileSync(join(folder, 'cert.pem')),
      key: readFileSync(join(folder, 'key.pem')),
    };
  } catch (cause) {
    throw new BoatLoadError(
      'engine_unavailable',
      `The Docker Engine's TLS files ca.pem, cert.pem and key.pem cannot be read in ${folder}: correct DOCKER_CERT_PATH, or unset it together with DOCKER_TLS_VERIFY.`,
      { cause },
    );
  }
}
