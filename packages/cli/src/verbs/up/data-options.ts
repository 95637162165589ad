import type { CacheQuota } from '@boatload/api';
import { Option } from 'commander';
import {
  collectBuckets,
  collectFolders,
  collectWords,
  readProxy,
  readProxyOrNone,
  readQuota,
  readYesNo,
} from './read-words.ts';

/** What the options of `dataOptions` give. */
export interface DataOptions {
  readonly fetchAllow: readonly string[];
  readonly fetchDeny: readonly string[];
  /** Or `none`. */
  readonly fetchProxy?: string;
  readonly fetchFiles: readonly string[];
  readonly fetchS3: readonly string[];
  readonly cacheQuota?: CacheQuota;
  readonly views: 'auto' | 'off';
  readonly dataProxy?: string;
  readonly dataProxyDefault: boolean;
  /** Of --no-proxy, whose name makes it this. */
  readonly proxy: string;
}

/** From where scripts and data may be fetched, and what is kept of them. */
export function dataOptions(): readonly Option[] {
  return [...fetchOptions(), ...sourceOptions(), ...cacheOptions(), ...proxyOptions()];
}

function fetchOptions(): readonly Option[] {
  const group = 'Fetching of script and data URLs (lists have commas, options can be repeated):';
  return [
    new Option(
      '--fetch-allow <rule>',
      'what is allowed although it is denied (as loopback and link-local are): CIDR, address, host, *.domain or *; with :port only that port',
    )
      .argParser(collectWords)
      .default([], 'none')
      .env('BOATLOAD_FETCH_ALLOW'),
    new Option('--fetch-deny <rule>', 'what is denied, by the same rules; with * only what --fetch-allow names is left')
      .argParser(collectWords)
      .default([], 'none')
      .env('BOATLOAD_FETCH_DENY'),
    new Option(
      '--fetch-proxy <url>',
      'proxy to fetch through, or none (default: http_proxy, https_proxy and no_proxy of the environment)',
    )
      .argParser(readProxyOrNone)
      .env('BOATLOAD_FETCH_PROXY'),
  ].map((option) => option.helpGroup(group));
}

function sourceOptions(): readonly Option[] {
  const group = 'Other sources of scripts and data:';
  return [
    new Option('--fetch-files <folder>', 'folder of this machine below which file: URLs are allowed')
      .argParser(collectFolders)
      .default([], 'none')
      .env('BOATLOAD_FETCH_FILES'),
    new Option('--fetch-s3 <bucket[/folder]>', 'what s3: URLs may lead to; the log-in is taken from the environment')
      .argParser(collectBuckets)
      .default([], 'none')
      .env('BOATLOAD_FETCH_S3'),
  ].map((option) => option.helpGroup(group));
}

function cacheOptions(): readonly Option[] {
  const group = 'Cache (see: boatload help cache):';
  return [
    new Option(
      '--cache-quota <size>',
      'how much fetched and unpacked data may take of the disk, like 200g or 50%; what was used longest ago goes first (default: 50%)',
    )
      .argParser(readQuota)
      .env('BOATLOAD_CACHE_QUOTA'),
    new Option(
      '--views <when>',
      'copy-on-write views of the data for containers: auto, wherever the Engine can mount them; off, a copy for each',
    )
      .choices(['auto', 'off'])
      .default('auto')
      .env('BOATLOAD_VIEWS'),
  ].map((option) => option.helpGroup(group));
}

function proxyOptions(): readonly Option[] {
  const group = 'Proxy for containers:';
  return [
    new Option(
      '--data-proxy <url>',
      'proxy that containers are told to use (http_proxy, https_proxy); its host data-proxy is the machine that a container runs on, as in http://data-proxy:3128',
    )
      .argParser(readProxy)
      .env('BOATLOAD_DATA_PROXY'),
    new Option(
      '--data-proxy-default [yes|no]',
      'whether a container is told of it that does not ask: all but those with data_proxy: false',
    )
      .argParser(readYesNo)
      .preset('yes')
      .default(false, 'no')
      .env('BOATLOAD_DATA_PROXY_DEFAULT'),
    new Option('--no-proxy <list>', 'hosts that containers reach without it')
      .default('localhost,127.0.0.1,::1')
      .env('BOATLOAD_NO_PROXY'),
  ].map((option) => option.helpGroup(group));
}
