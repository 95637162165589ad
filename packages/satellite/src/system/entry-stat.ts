import { constants, type Stats } from 'node:fs';

/** What the system tells of something in a directory, in the terms of Node's Stats. */
export type EntryStat = Pick<Stats, 'mode' | 'uid' | 'gid' | 'rdev' | 'size' | 'mtimeMs'>;

export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';

const types: ReadonlyMap<number, EntryType> = new Map([
  [constants.S_IFREG, 'file'],
  [constants.S_IFDIR, 'directory'],
  [constants.S_IFLNK, 'symlink'],
  [constants.S_IFIFO, 'fifo'],
  [constants.S_IFSOCK, 'socket'],
  [constants.S_IFCHR, 'char'],
  [constants.S_IFBLK, 'block'],
]);

export function typeOfStat({ mode }: EntryStat): EntryType {
  return types.get(mode & constants.S_IFMT) ?? 'file';
}

/** Bytes of Linux' struct statx. */
export const statxSize = 256;

/** Decodes a struct statx, whose layout is the same on all machines (statx(2), linux/stat.h). */
export function decodeStatx(bytes: Buffer): EntryStat {
  const [major, minor] = [bytes.readUInt32LE(128), bytes.readUInt32LE(132)];
  return {
    uid: bytes.readUInt32LE(20),
    gid: bytes.readUInt32LE(24),
    mode: bytes.readUInt16LE(28),
    size: bytes.readUInt32LE(40) + bytes.readUInt32LE(44) * 2 ** 32,
    mtimeMs: (bytes.readUInt32LE(112) + bytes.readInt32LE(116) * 2 ** 32) * 1000 + bytes.readUInt32LE(120) / 1e6,
    // As Linux puts the two numbers into one.
    rdev: (minor & 0xff) + major * 2 ** 8 + Math.floor(minor / 2 ** 8) * 2 ** 20,
  };
}
