import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createFetcher } from '../../src/create-fetcher.ts';
import type { FetcherOptions } from '../../src/fetcher-options.ts';
import type { FetchOutcome, FetchRequest } from '../../src/port.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

/** Limits with which a test need not wait. */
export const hasty = {
  retries: 3,
  firstPauseMs: 1,
  idleMs: 250,
  leastBytesPerMinute: 1,
  rateWindowMs: 60_000,
} as const;

/** A policy that opens the address that servers of tests listen on. */
export const local: FetcherOptions = { policy: { allow: ['127.0.0.1'] }, limits: hasty };

export interface Fetched {
  readonly outcome: FetchOutcome;
  /** What is in the file; undefined if there is none. */
  readonly content: Buffer | undefined;
}

/** Fetches a URL once. A failed fetch must leave no file. */
export async function fetchOnce(
  url: string,
  options: FetcherOptions = local,
  request: Partial<FetchRequest> = {},
): Promise<Fetched> {
  await using fetcher = createFetcher(options);
  await using dir = await makeTemporaryDirectory();
  const file = join(dir.path, 'fetched');
  try {
    const outcome = await fetcher.fetch({ url, file, limitBytes: 100_000, ...request });
    return { outcome, content: outcome.kind === 'fetched' ? await readFile(file) : undefined };
  } finally {
    const isThere = (await readdir(dir.path)).length > 0;
    if (isThere) expect(await readdir(dir.path)).toEqual(['fetched']);
  }
}

/** Fetches a URL, which must fail. @returns the error */
export async function failToFetch(
  url: string,
  options: FetcherOptions = local,
  request: Partial<FetchRequest> = {},
): Promise<unknown> {
  await using fetcher = createFetcher(options);
  await using dir = await makeTemporaryDirectory();
  const fetching = fetcher.fetch({ url, file: join(dir.path, 'fetched'), limitBytes: 100_000, ...request });
  const error = await fetching.then(
    (outcome) => expect.fail(`it was ${outcome.kind}`),
    (reason: unknown) => reason,
  );
  expect(await readdir(dir.path)).toEqual([]);
  return error;
}
