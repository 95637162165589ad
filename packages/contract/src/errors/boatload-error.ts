import { type ErrorCode, errorCodes } from './codes.ts';

/** What may be told beside an error's code and sentence. */
export interface ErrorExtras {
  /** Path of the field at fault, with dots: `restart`, `env.PATH`, `data`. */
  readonly field?: string;
  /** Every message by field path, where more than one field is at fault. */
  readonly fields?: Readonly<Record<string, readonly string[]>>;
  readonly cause?: unknown;
}

/**
 * The one error that crosses BoatLoad's walls. `message` says what happened, to what, and what to do next,
 * in words that a user may read; whatever must not be shown stays in `cause`.
 */
export class BoatLoadError extends Error {
  override readonly name = 'BoatLoadError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly fields: Readonly<Record<string, readonly string[]>>;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.field = extras.field;
    this.fields = extras.fields ?? (extras.field === undefined ? {} : { [extras.field]: [message] });
  }

  /** The HTTP status that belongs to the code. */
  get status(): number {
    return errorCodes[this.code].status;
  }

  /** Whether the same request may succeed later without being changed. */
  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}

/** Whether an error says that its caller gave up: an aborted signal, not a fault. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
