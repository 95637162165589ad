import { BoatLoadError } from '@boatload/contract';
import { errors } from 'undici';

interface TryFaultExtras {
  /** Whether another try may succeed. Default true. */
  readonly again?: boolean;
  /** Milliseconds that the server wants to be left alone for. */
  readonly afterMs?: number;
  /** What came so far is worth nothing: the next try begins with the first byte. Default false. */
  readonly startOver?: boolean;
  readonly cause?: unknown;
}

/** Why one try of a fetch ended. It never leaves this package. */
export class TryFault extends Error {
  readonly again: boolean;
  readonly afterMs: number;
  readonly startOver: boolean;

  constructor(reason: string, extras: TryFaultExtras = {}) {
    super(reason, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.again = extras.again ?? true;
    this.afterMs = extras.afterMs ?? 0;
    this.startOver = extras.startOver ?? false;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed before all had come',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'there was no answer in time',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection was closed before all had come',
  UND_ERR_HEADERS_TIMEOUT: 'there was no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the transfer stood still',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
};

const finalReasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is unknown',
  UND_ERR_HEADERS_OVERFLOW: 'its headers are too long',
};

const certificateFault = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_TLS_CERT|INVALID_CA)/;

const tlsFault = /^(EPROTO$|ERR_SSL_)/;

/** What a failure of the network, or of a library that uses it, means; BoatLoad's own errors stay as they are. */
export function faultOf(error: unknown): TryFault | BoatLoadError {
  if (error instanceof TryFault || error instanceof BoatLoadError) return error;
  // Where several addresses were tried, each has its own error.
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const code = codeOf(first);
  if (certificateFault.test(code)) {
    return new TryFault(`its certificate is not accepted (${code})`, { again: false, cause: error });
  }
  if (tlsFault.test(code)) {
    return new TryFault(`no TLS comes about with it (${code}); https may not be what it speaks`, {
      again: false,
      cause: error,
    });
  }
  const final = finalReasons[code];
  if (final !== undefined) return new TryFault(final, { again: false, cause: error });
  if (first instanceof errors.HTTPParserError) return new TryFault('what it sends is not HTTP', { cause: error });
  return new TryFault(reasons[code] ?? messageOf(first, code), { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function messageOf(error: unknown, code: string): string {
  const [line = ''] = error instanceof Error ? error.message.trim().split('\n') : [];
  return line || code || 'the reason is unknown';
}
