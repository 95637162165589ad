export { createFetcher } from './create-fetcher.ts';
export type { FetcherOptions, FetchLimits, FetchProxy, S3Options } from './fetcher-options.ts';
export { safeFileName } from './file-name.ts';
export { type FetchRule, parseFetchRule } from './policy/fetch-rule.ts';
export { deniedAddresses, type FetchPolicy } from './policy/fetch-rules.ts';
export type { Fetcher, FetchMemory, FetchOutcome, FetchRequest } from './port.ts';
export { showUrl } from './shown-url.ts';
