import type { LookupFunction } from 'node:net';
import type { FetchPolicy } from './policy/fetch-rules.ts';

export interface FetcherOptions {
  /** Where URLs of users may lead. Default: anywhere but to the built-in denied addresses. */
  readonly policy?: FetchPolicy;
  /** The operator's proxies. Default none. */
  readonly proxy?: FetchProxy;
  /** Absolute paths of directories that `file:` URLs may read below. Default none: such URLs are refused. */
  readonly fileRoots?: readonly string[];
  /** Where `s3:` URLs lead. Default: such URLs are refused. */
  readonly s3?: S3Options;
  /** Default: see FetchLimits. */
  readonly limits?: Partial<FetchLimits>;
  /** Certificates (PEM) of authorities that are trusted beside those that Node.js knows. Default none. */
  readonly certificates?: readonly string[];
  /** How names become addresses. Default `dns.lookup`. */
  readonly lookup?: LookupFunction;
}

/** Proxies of the operator, for S3 services too. The policy does not hold for their own addresses. */
export interface FetchProxy {
  /** URL (http or https, a log-in may be in it) of the proxy for http. Default: none. */
  readonly http?: string;
  /** URL of the proxy for https. Default: none. */
  readonly https?: string;
  /**
   * What is reached without a proxy, separated by commas: `*`, a host (with its subdomains), `.domain`, an address, a
   * CIDR; each but the last with an optional `:port`. Default: nothing.
   */
  readonly no?: string;
}

export interface S3Options {
  /** URL of an S3-compatible service. Default: Amazon's of the region. */
  readonly endpoint?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** Whether the bucket stands in the path rather than in the host name. Default: if there is an endpoint. */
  readonly forcePathStyle?: boolean;
  /** Default: requests are not signed, which suffices for public buckets. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** What URLs may read: `bucket`, or `bucket/prefix/`. None: nothing. */
  readonly buckets: readonly string[];
}

/** When a fetch is given up. */
export interface FetchLimits {
  /** Tries after one that brought nothing new. Default 5. */
  readonly retries: number;
  /** Milliseconds before the first retry; each further pause is twice as long, up to 10 s. Default 200. */
  readonly firstPauseMs: number;
  /** Milliseconds for name, connection and TLS. Default 10,000. */
  readonly connectMs: number;
  /** Milliseconds that nothing may come for. Default 60,000. */
  readonly idleMs: number;
  /** Bytes; less in a minute of waiting ends a try, and less from a try does not count as progress. Default 10 KiB. */
  readonly leastBytesPerMinute: number;
  /** Milliseconds after which the rate is looked at. Default 60,000. */
  readonly rateWindowMs: number;
  /** Seconds for everything, retries included. Default 6 hours. */
  readonly totalSeconds: number;
}

export const defaultLimits: FetchLimits = {
  retries: 5,
  firstPauseMs: 200,
  connectMs: 10_000,
  idleMs: 60_000,
  leastBytesPerMinute: 10_240,
  rateWindowMs: 60_000,
  totalSeconds: 21_600,
};
