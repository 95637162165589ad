import type { IncomingHttpHeaders } from 'node:http';
import { BoatLoadError } from '@boatload/contract';
import { TryFault } from '../try-fault.ts';

const longestPauseMs = 30_000;
const worthAnotherTry: ReadonlySet<number> = new Set([408, 425, 429]);

/** Why an answer with this status brings no content. */
export function statusFault(status: number, headers: IncomingHttpHeaders): TryFault {
  const extras = { again: worthAnotherTry.has(status) || status >= 500, afterMs: pauseWanted(headers['retry-after']) };
  return new TryFault(`it was answered with status ${status}${hintOf(status)}`, extras);
}

/** Why a proxy did not let a request through. */
export function proxyRefusal(proxy: string, status: number, headers: IncomingHttpHeaders): TryFault | BoatLoadError {
  const own = firstOf(headers['x-squid-error']) ?? firstOf(headers['proxy-status']);
  const said = own === undefined ? `status ${status}` : `status ${status}, ${own}`;
  if (status === 403 || status === 407) {
    const hint =
      status === 407
        ? 'it wants a log-in: the operator gives one in its URL.'
        : 'its rules do not let this address through. Ask its operator to allow it, or put the file elsewhere.';
    return new BoatLoadError('fetch_refused', `The proxy ${proxy} refused the request (${said}): ${hint}`);
  }
  return new TryFault(`the proxy ${proxy} could not reach the server (${said})`, {
    again: worthAnotherTry.has(status) || status >= 500,
    afterMs: pauseWanted(headers['retry-after']),
  });
}

/** Whether an answer that came through a proxy is the proxy's own. */
export function isProxysOwn(status: number, headers: IncomingHttpHeaders): boolean {
  if (status === 407) return true;
  // Squid, and RFC 9209 for the others.
  return 'x-squid-error' in headers || /;\s*error=/.test(firstOf(headers['proxy-status']) ?? '');
}

export function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value[0];
}

function hintOf(status: number): string {
  if (status === 401 || status === 403) return ': it wants a log-in, or is closed to this node';
  if (status === 404 || status === 410) return ': there is nothing at this URL';
  if (status >= 500) return ': the server has a fault';
  return '';
}

/** Milliseconds of a Retry-After: seconds, or a date (RFC 9110, 10.2.3). */
function pauseWanted(value: string | readonly string[] | undefined): number {
  const text = firstOf(value)?.trim() ?? '';
  const wanted = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(wanted) ? Math.min(Math.max(wanted, 0), longestPauseMs) : 0;
}
