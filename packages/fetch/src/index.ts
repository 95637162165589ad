export { AddressPolicy, type FetchPolicy } from './address-policy.ts';
export { type FetchedFile, fetchToFile } from './fetch-to-file.ts';
export { safeFileName } from './file-name.ts';
export type { Fetcher, FetchMemory, FetchOutcome, FetchRequest } from './port.ts';
