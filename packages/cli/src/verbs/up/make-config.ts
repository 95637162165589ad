import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DataProxyConfig, ServiceConfig, ServiceLimits } from '@boatload/api';
import { BoatLoadError } from '@boatload/contract';
import type { DataOptions } from './data-options.ts';
import { makeFetchConfig } from './fetch-config.ts';
import type { ServiceOptions } from './service-options.ts';

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly limits: ServiceLimits;
}

/**
 * The service's configuration, frozen.
 * @throws bad_configuration where options do not fit each other, or the environment cannot be read
 */
export function makeConfig(options: ServiceOptions & DataOptions, { env, limits }: ConfigSources): ServiceConfig {
  const { host, port, dockerHost, users, cacheQuota } = options;
  const { ADMINHASH: adminHash } = env;
  const dataProxy = readDataProxy(options);
  return Object.freeze({
    host,
    port,
    dataDir: resolve(options.dataDir),
    fetch: Object.freeze(makeFetchConfig(options, env)),
    limits,
    views: options.views === 'auto',
    ...(cacheQuota === undefined ? {} : { cacheQuota }),
    ...(dataProxy === undefined ? {} : { dataProxy }),
    ...(dockerHost ? { dockerHost } : {}),
    ...findUsers(users),
    ...(adminHash ? { adminHash } : {}),
  });
}

function readDataProxy({ dataProxy: url, dataProxyDefault, proxy: noProxy }: DataOptions): DataProxyConfig | undefined {
  if (url !== undefined) return Object.freeze({ url, noProxy, default: dataProxyDefault });
  if (!dataProxyDefault) return undefined;
  const text = '--data-proxy-default is on, but there is no proxy: name it with --data-proxy URL.';
  throw new BoatLoadError('bad_configuration', text, { field: 'data-proxy' });
}

/** The users file that is named, or the one where the predecessor kept it. */
function findUsers(named: string | undefined): Pick<ServiceConfig, 'usersFile'> {
  const inherited = resolve('data', 'data.json');
  if (named) return { usersFile: resolve(named) };
  return existsSync(inherited) ? { usersFile: inherited } : {};
}
