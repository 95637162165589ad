import type { FetcherOptions } from '@boatload/fetch';

/** Limits on what one request may bring; bytes unless said otherwise. */
export interface ServiceLimits {
  /** A script. Default 16 MiB. */
  readonly scriptBytes: number;
  /** Data, whether uploaded or fetched from a dataurl. Default 64 GiB. */
  readonly dataBytes: number;
}

/** Where users' URLs may lead, and how they are fetched. */
export type FetchConfig = Pick<FetcherOptions, 'policy' | 'proxy' | 'fileRoots' | 's3'>;

/** How much of its disk a node's cache may take: an amount, or a part of the whole file system, above 0 and up to 1. */
export type CacheQuota = { readonly bytes: number } | { readonly share: number };

/** The proxy that containers are told to fetch through. */
export interface DataProxyConfig {
  /** As containers reach it. */
  readonly url: string;
  /** Hosts that containers reach without it, as `no_proxy` lists them. */
  readonly noProxy: string;
  /** Whether containers are told of it unless they say otherwise. */
  readonly default: boolean;
}

/** All that the service is told from outside; read once, then frozen. */
export interface ServiceConfig {
  /** Address to listen on. Default 127.0.0.1; any other than loopback needs a password of your own. */
  readonly host: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Folder of the database, the uploaded files and the satellite's state; made if it is missing. */
  readonly dataDir: string;
  /** As DOCKER_HOST writes it. Default: the local socket. */
  readonly dockerHost?: string;
  /** Hash of the admin's password (ADMINHASH): Django's pbkdf2_sha256 or argon2id. */
  readonly adminHash?: string;
  /** JSON file of users, a Django `auth.user` fixture. */
  readonly usersFile?: string;
  /** Default: http: and https: URLs, without a proxy, to everything that is not denied by default. */
  readonly fetch?: FetchConfig;
  /** Default: half of the file system. */
  readonly cacheQuota?: CacheQuota;
  /** Whether containers get views of their data, where the Engine can mount them, instead of copies. Default true. */
  readonly views?: boolean;
  /** Default: containers are told of no proxy. */
  readonly dataProxy?: DataProxyConfig;
  readonly limits: ServiceLimits;
}

export const defaultLimits: ServiceLimits = Object.freeze({
  scriptBytes: 16 * 1024 ** 2,
  dataBytes: 64 * 1024 ** 3,
});

export const defaultCacheQuota: CacheQuota = Object.freeze({ share: 0.5 });
