/** What an entry of a tar archive is. Sockets have no place in tar. */
export type TarType = 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'char' | 'block';

/**
 * All that BoatLoad reads and writes of an entry's header. Names are bytes as they stand in the archive: the
 * usual libraries decode them as UTF-8 and lose every other name, which is why this codec exists.
 */
export interface TarHeader {
  /** Without the slash that ends a directory's name in the archive. */
  readonly path: Uint8Array;
  readonly type: TarType;
  /** Permission bits, with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the body that follows; 0 for everything but a file. */
  readonly size: number;
  /** Kept to the millisecond. */
  readonly mtime: Date;
  /** Target of a symbolic link, or the path in the archive that a hard link names. */
  readonly linkPath?: Uint8Array;
  /** Number of a device. */
  readonly device?: { readonly major: number; readonly minor: number };
}

/** An entry as it is met in an archive. */
export interface TarEntry extends TarHeader {
  /**
   * The content, once, as views on what arrived (copy what must outlive the step). What is not read of it is
   * skipped as soon as the next entry is asked for.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Headers and bodies stand in blocks of this many bytes. */
export const blockSize = 512;

/** The letters by which the archive names the types. */
export const typeFlags: Readonly<Record<TarType, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
