import type { FetchConfig } from '@boatload/api';
import { BoatLoadError } from '@boatload/contract';
import type { DataOptions } from './data-options.ts';
import { parseProxy } from './read-words.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type FetchProxy = NonNullable<FetchConfig['proxy']>;
type S3Source = NonNullable<FetchConfig['s3']>;

/**
 * Where URLs may lead and how they are fetched, by options and environment.
 * @throws bad_configuration
 */
export function makeFetchConfig(options: DataOptions, env: Environment): FetchConfig {
  const proxy = readFetchProxy(options.fetchProxy, env);
  const s3 = readS3(options.fetchS3, env);
  return {
    policy: { allow: options.fetchAllow, deny: options.fetchDeny },
    fileRoots: options.fetchFiles,
    ...(proxy === undefined ? {} : { proxy }),
    ...(s3 === undefined ? {} : { s3 }),
  };
}

/** The proxy that is named; else what the environment says in the way of other programs. */
function readFetchProxy(named: string | undefined, env: Environment): FetchProxy | undefined {
  if (named === 'none') return undefined;
  const http = named ?? proxyOf('http_proxy', env);
  const https = named ?? proxyOf('https_proxy', env);
  if (http === undefined && https === undefined) return undefined;
  const [, no] = findVariable('no_proxy', env);
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    ...(no === undefined ? {} : { no }),
  };
}

function proxyOf(variable: string, env: Environment): string | undefined {
  const [name, value] = findVariable(variable, env);
  if (value === undefined) return undefined;
  const url = parseProxy(value);
  if (url !== undefined) return url;
  throw new BoatLoadError(
    'bad_configuration',
    `${name} of the environment is no http or https proxy. Name one with --fetch-proxy URL, or fetch without one: --fetch-proxy none.`,
    { field: 'fetch-proxy' },
  );
}

/** A variable that is written small or in capitals, as both are usual; small goes first, empty means absent. */
function findVariable(name: string, env: Environment): readonly [name: string, value: string | undefined] {
  const found = [name, name.toUpperCase()].find((each) => env[each]);
  return found === undefined ? [name, undefined] : [found, env[found]];
}

function readS3(buckets: readonly string[], env: Environment): S3Source | undefined {
  if (buckets.length === 0) return undefined;
  const endpoint = readEndpoint(env);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  return {
    buckets,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region ? { region } : {}),
    ...readKeys(env),
  };
}

function readEndpoint({ BOATLOAD_S3_ENDPOINT: endpoint }: Environment): string | undefined {
  if (!endpoint) return undefined;
  if (URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)) return endpoint;
  const text = 'BOATLOAD_S3_ENDPOINT is no URL: write it like https://s3.example.org.';
  throw new BoatLoadError('bad_configuration', text, { field: 'fetch-s3' });
}

function readKeys(env: Environment): Partial<Pick<S3Source, 'accessKeyId' | 'secretAccessKey'>> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  if (!accessKeyId && !secretAccessKey) return {};
  const [there, missing] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].toSorted((name) => (env[name] ? -1 : 1));
  const text = `${there} is set, but ${missing} is not: --fetch-s3 needs both, or none of them for public buckets.`;
  throw new BoatLoadError('bad_configuration', text, { field: 'fetch-s3' });
}
