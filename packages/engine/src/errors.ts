import { BoatLoadError } from '@boatload/contract';

/** What the Engine answered when it refused: kept as the `cause` of the BoatLoadError that tells of it. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  readonly status: number;
  /** The Engine's own words. */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`HTTP ${status}: ${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/** The Engine's refusal behind an error, if that is what it is. */
export function refusalOf(error: unknown): EngineRefusal | undefined {
  return error instanceof BoatLoadError && error.cause instanceof EngineRefusal ? error.cause : undefined;
}

/** Whether the Engine answered that the thing asked for is not there. */
export function isNotThere(error: unknown): boolean {
  return refusalOf(error)?.status === 404;
}

/** An answer with an error status, before anybody knows better what it means. */
export function convertRefusal(what: string, status: number, reason: string): BoatLoadError {
  return new BoatLoadError('engine_error', `The Docker Engine refused ${what}: ${reason}`, {
    cause: new EngineRefusal(status, reason),
  });
}

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOENT: 'its socket does not exist',
  EACCES: 'its socket may not be opened by this user',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name could not be looked up',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
};

/** A connection that failed or broke; errors that are already ours pass through. */
export function convertConnectionError(error: unknown): BoatLoadError {
  if (error instanceof BoatLoadError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const why = (code === undefined ? undefined : unreachable[code]) ?? `the connection broke (${code ?? String(error)})`;
  return new BoatLoadError(
    'engine_unavailable',
    `The Docker Engine does not answer: ${why}. Start it, or name the right one with --docker-host or DOCKER_HOST.`,
    { cause: error },
  );
}
