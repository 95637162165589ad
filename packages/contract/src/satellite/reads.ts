/** A piece of a container's output. */
export interface LogRecord {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, when the piece was written. */
  readonly at: string;
  /** Its bytes, with the line end where the line is complete. */
  readonly data: Uint8Array;
}

export interface LogQuery {
  readonly streams: { readonly stdout: boolean; readonly stderr: boolean };
  /** Go on until the container ends. Default false. */
  readonly follow?: boolean;
  /** Only the last n lines. Default all. */
  readonly tail?: number;
  /** RFC 3339. */
  readonly since?: string;
  /** RFC 3339. */
  readonly until?: string;
}

/** A part of a file: both ends included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What is at a path, before its content is asked for. */
export interface FileStat {
  readonly path: Uint8Array;
  readonly type: 'file' | 'directory' | 'other';
  readonly size: number;
  readonly mode: number;
  readonly mtime: Date;
}

/** How far staging is, in bytes; `total` is absent while unknown. */
export interface StagingProgress {
  readonly step: string;
  readonly done: number;
  readonly total?: number;
}
