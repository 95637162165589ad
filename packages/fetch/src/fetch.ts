import { setTimeout as pause } from 'node:timers/promises';
import { BoatLoadError } from '@boatload/contract';
import type { FetchLimits } from './fetcher-options.ts';
import type { FetchOutcome, FetchRequest } from './port.ts';
import type { OpenedContent, Scheme } from './schemes/scheme.ts';
import { showUrl } from './shown-url.ts';
import { Transfer } from './transfer.ts';
import { faultOf, TryFault } from './try-fault.ts';
import { watchBody } from './watched-body.ts';

interface Fetching {
  readonly request: FetchRequest;
  readonly scheme: Scheme;
  readonly limits: FetchLimits;
  readonly transfer: Transfer;
  /** Of the whole fetch: the caller, the time, the service. */
  readonly signal: AbortSignal;
}

const longestPauseMs = 10_000;

/** Brings what a URL names to a file, in as many tries as are worth it. */
export async function fetchWithScheme(
  scheme: Scheme,
  request: FetchRequest,
  { limits, signal }: { readonly limits: FetchLimits; readonly signal: AbortSignal },
): Promise<FetchOutcome> {
  const transfer = new Transfer(request);
  try {
    const outcome = await tryUntilDone({ request, scheme, limits, transfer, signal });
    if (outcome.kind === 'unchanged') await transfer.discard();
    return outcome;
  } catch (error) {
    await transfer.discard();
    throw error;
  }
}

async function tryUntilDone(fetching: Fetching): Promise<FetchOutcome> {
  const { transfer, limits, signal, request } = fetching;
  let fruitless = 0;
  for (let tries = 1; ; tries += 1) {
    const before = transfer.best;
    const outcome = await tryOnce(fetching).catch(catchFault);
    if (!(outcome instanceof TryFault)) return outcome;
    signal.throwIfAborted();
    if (outcome.startOver) transfer.startOver();
    // What has to come again is no progress.
    const gained = outcome.startOver ? 0 : transfer.best - before;
    fruitless = gained >= limits.leastBytesPerMinute ? 1 : fruitless + 1;
    if (!outcome.again || fruitless > limits.retries) throw failure(request.url, outcome, { tries, transfer });
    await waitBefore(fruitless, outcome, fetching);
  }
}

function catchFault(error: unknown): TryFault {
  if (error instanceof TryFault) return error;
  throw error;
}

async function waitBefore(retry: number, { afterMs }: TryFault, { limits, signal }: Fetching): Promise<void> {
  const growing = Math.min(limits.firstPauseMs * 2 ** (retry - 1), longestPauseMs);
  try {
    await pause(Math.max(growing, afterMs), undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}

async function tryOnce(fetching: Fetching): Promise<FetchOutcome> {
  const { request, scheme, transfer } = fetching;
  fetching.signal.throwIfAborted();
  const trying = new AbortController();
  const signal = AbortSignal.any([fetching.signal, trying.signal]);
  const { resume } = transfer;
  const memory = resume === undefined ? usableMemory(request) : undefined;
  const opened = await scheme
    .open({
      url: request.url,
      signal,
      ...(resume === undefined ? {} : { resume }),
      ...(memory === undefined ? {} : { memory }),
    })
    .catch((error: unknown) => {
      fetching.signal.throwIfAborted();
      throw faultOf(error);
    });
  if (opened.kind === 'unchanged') return opened;
  try {
    return await save(opened, fetching, trying);
  } catch (error) {
    fetching.signal.throwIfAborted();
    trying.signal.throwIfAborted();
    throw error;
  } finally {
    await opened.close();
  }
}

/** An earlier fetch helps only if its content is what is wanted. */
function usableMemory({ memory, sha256 }: FetchRequest): FetchRequest['memory'] {
  return sha256 === undefined || memory?.sha256 === sha256.toLowerCase() ? memory : undefined;
}

async function save(opened: OpenedContent, fetching: Fetching, trying: AbortController): Promise<FetchOutcome> {
  const { transfer, limits } = fetching;
  await transfer.begin(opened);
  for await (const chunk of watchBody(opened.body, limits, (fault) => trying.abort(fault))) {
    await transfer.write(chunk);
  }
  checkLength(transfer);
  const sha256 = await transfer.finish();
  return {
    kind: 'fetched',
    size: transfer.size,
    sha256,
    ...(opened.fileName === undefined ? {} : { fileName: opened.fileName }),
    ...(opened.memory === undefined ? {} : { memory: { ...opened.memory, sha256 } }),
  };
}

function checkLength({ size, total }: Transfer): void {
  if (total === undefined || size === total) return;
  if (size < total) throw new TryFault(`the connection was closed after ${size} of ${total} bytes`);
  throw new TryFault(`it sent ${size} bytes after announcing ${total}`, { again: false });
}

interface Tried {
  readonly tries: number;
  readonly transfer: Transfer;
}

function failure(url: string, fault: TryFault, { tries, transfer }: Tried): BoatLoadError {
  const attempts = tries === 1 ? 'tried once' : `tried ${tries} times`;
  const came = transfer.best === 0 ? 'nothing came' : `${amount(transfer.best, transfer.total)} came`;
  return new BoatLoadError(
    'fetch_failed',
    `${showUrl(url)} could not be fetched: ${fault.message} (${attempts}, ${came}). Check the URL and its server, then submit again.`,
    { cause: fault },
  );
}

function amount(bytes: number, total: number | undefined): string {
  const mebibyte = 1_048_576;
  if ((total ?? bytes) < mebibyte) return total === undefined ? `${bytes} bytes` : `${bytes} of ${total} bytes`;
  const size = (value: number): string => (value / mebibyte).toFixed(value < 10 * mebibyte ? 1 : 0);
  return total === undefined ? `${size(bytes)} MiB` : `${size(bytes)} of ${size(total)} MiB`;
}
