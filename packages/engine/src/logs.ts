import { BoatLoadError } from '@boatload/contract';
import { ByteReader } from './byte-reader.ts';
import type { Engine } from './connect.ts';
import type { EngineResponse } from './engine-response.ts';
import { restoreLineEnds } from './line-ends.ts';
import { explainMissing } from './missing-container.ts';

export interface LogOptions {
  /** Default true. */
  readonly stdout?: boolean;
  /** Default true. */
  readonly stderr?: boolean;
  /** Go on until the container ends. Default false; without effect when it does not run. */
  readonly follow?: boolean;
  /**
   * Only the last n pieces of both streams together, also when only one of them is asked for: that is how the
   * Engine counts. Default all.
   */
  readonly tail?: number;
  /** RFC 3339, included, exact to the nanosecond. */
  readonly since?: string;
  /** RFC 3339, exact to the nanosecond. */
  readonly until?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A piece of output as the Engine keeps it: a line with its end, or at most 16 KiB of a longer one. */
export interface LogFrame {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds; all pieces of one line have the time of its first. */
  readonly at: string;
  readonly data: Uint8Array;
}

const headLength = 8;
/** More than any log driver puts into one piece: a frame that claims more is not a frame. */
const largestFrame = 32 * 1024 * 1024;
const space = 0x20;

/**
 * Reads a container's output in the order in which it was written; nothing for a container that was never
 * started. Leaving the iteration or aborting closes the connection.
 * @throws attempt_not_found
 */
export function readLogFrames(
  engine: Engine,
  containerId: string,
  options: LogOptions = {},
): AsyncGenerator<LogFrame, void, undefined> {
  return restoreLineEnds(readRawFrames(engine, containerId, options));
}

async function* readRawFrames(
  engine: Engine,
  containerId: string,
  options: LogOptions,
): AsyncGenerator<LogFrame, void, undefined> {
  const reader = new ByteReader(await openLogs(engine, containerId, options), () => broken('ends within a line'));
  try {
    for (;;) {
      const head = reader.takeNow(headLength) ?? (await reader.take(headLength));
      if (head === undefined) return;
      const size = frameSize(head);
      const payload = reader.takeNow(size) ?? (await reader.take(size));
      if (payload === undefined) throw broken('ends before a line that it announced');
      yield decodeFrame(head[0] === 2 ? 'stderr' : 'stdout', payload);
    }
  } finally {
    await reader.close();
  }
}

/** An RFC 3339 time in the Engine's words: seconds since 1970 and nine digits of a fraction, nothing rounded. */
export function engineTime(time: string): string {
  const [, whole, fraction = '', zone] = /^(.*?T[\d:]+)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)$/i.exec(time) ?? [];
  const milliseconds = whole === undefined ? Number.NaN : Date.parse(`${whole}${zone}`);
  if (Number.isNaN(milliseconds)) {
    throw new BoatLoadError('invalid_query', `«${time}» is not a time: write it as 2026-01-31T12:00:00Z.`);
  }
  return milliseconds < 0 ? '0' : `${milliseconds / 1000}.${fraction.slice(0, 9).padEnd(9, '0')}`;
}

async function openLogs(engine: Engine, containerId: string, options: LogOptions): Promise<EngineResponse> {
  const { stdout = true, stderr = true, follow = false, tail = 'all', since, until, signal } = options;
  const times = {
    since: since === undefined ? undefined : engineTime(since),
    until: until === undefined ? undefined : engineTime(until),
  };
  const path = `/containers/${encodeURIComponent(containerId)}/logs`;
  const query = { stdout, stderr, follow, timestamps: true, tail, ...times };
  try {
    return await engine.request({ method: 'GET', path, query, signal });
  } catch (error) {
    throw explainMissing(error);
  }
}

function frameSize(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const size = view.getUint32(4);
  if ((head[0] ?? 0) > 2 || size > largestFrame) throw broken('is not divided into stdout and stderr');
  return size;
}

function decodeFrame(stream: LogFrame['stream'], payload: Uint8Array): LogFrame {
  const gap = payload.indexOf(space);
  if (gap < 0) throw broken('has a line without its time');
  const at = String.fromCharCode(...payload.subarray(0, gap));
  return { stream, at, data: payload.subarray(gap + 1) };
}

function broken(how: string): BoatLoadError {
  return new BoatLoadError('engine_error', `The output that the Docker Engine sends ${how}. Read it again.`);
}
