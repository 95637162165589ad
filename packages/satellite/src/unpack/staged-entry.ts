import type { TarType } from '@boatload/engine';

/** One thing to be placed in a mount. */
export interface StagedEntry {
  /** Below the mount, safe: without empty, `.` and `..` components; no slash at either end. */
  readonly path: Uint8Array;
  readonly type: Extract<TarType, 'file' | 'directory' | 'symlink' | 'link'>;
  /** Permission bits, without set-user-id and the like. */
  readonly mode: number;
  /** Bytes; 0 for all but files. */
  readonly size: number;
  readonly mtime: Date;
  /** Of a symlink its target as it is, of a link the path below the mount that it shares. */
  readonly linkPath?: Uint8Array;
  readonly body: AsyncIterable<Uint8Array>;
}
