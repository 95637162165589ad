import { BoatLoadError } from '@boatload/contract';
import { type PaxRecords, readPaxNumber, readPaxTime } from './pax-records.ts';
import { type TarHeader, type TarType, typeFlags } from './tar-header.ts';

const slash = 0x2f;

/** A header block as it stands, before what extensions say is put over it. */
export interface RawHeader extends Omit<TarHeader, 'type'> {
  readonly flag: string;
}

/** What the extensions before a header say of it. */
export interface Extensions {
  readonly global: PaxRecords;
  readonly local: PaxRecords;
  /** GNU's long name and long link name. */
  readonly longName?: Uint8Array | undefined;
  readonly longLink?: Uint8Array | undefined;
}

const typeOfFlag = new Map<string, TarType>([
  ...Object.entries(typeFlags).map(([type, flag]): [string, TarType] => [flag, type as TarType]),
  ['\0', 'file'],
  ['7', 'file'],
]);

/**
 * Decodes a header block; undefined for an empty block, which ends an archive.
 * @throws archive_invalid when its checksum or a number is wrong
 */
export function decodeHeaderBlock(block: Uint8Array): RawHeader | undefined {
  if (!hasChecksum(block)) {
    if (block.every((byte) => byte === 0)) return undefined;
    throw invalid('a header is damaged (or this is not a tar archive)');
  }
  const magic = latin1(block, 257, 263);
  const prefix = magic === 'ustar\0' ? readString(block, 345, hasStarTrailer(block) ? 131 : 155) : undefined;
  const name = readString(block, 0, 100);
  const flag = latin1(block, 156, 157);
  const device =
    flag === '3' || flag === '4' ? { major: readNumber(block, 329, 8), minor: readNumber(block, 337, 8) } : undefined;
  const link = readString(block, 157, 100);
  return {
    path: prefix === undefined || prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.of(slash), name]),
    flag,
    mode: readNumber(block, 100, 8) & 0o7777,
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    size: readNumber(block, 124, 12),
    mtime: new Date(readNumber(block, 136, 12) * 1000),
    ...(link.length === 0 ? {} : { linkPath: link }),
    ...(device === undefined ? {} : { device }),
  };
}

/**
 * Puts a header and what its extensions say together.
 * @throws archive_invalid for types that have no meaning here, and sparse files
 */
export function completeHeader(raw: RawHeader, extensions: Extensions): TarHeader {
  const { flag, ...header } = raw;
  const { local, global } = extensions;
  if (local.size === 0 && global.size === 0 && extensions.longName === undefined && extensions.longLink === undefined) {
    return withType(header, flag);
  }
  if (hasSparse(local) || hasSparse(global)) throw sparse();
  const bytes = (key: string): Uint8Array | undefined => nonEmpty(local.get(key)) ?? nonEmpty(global.get(key));
  const number = (key: string): number | undefined => readPaxNumber(local, key) ?? readPaxNumber(global, key);
  const linkPath = bytes('linkpath') ?? extensions.longLink ?? header.linkPath;
  const completed = {
    ...header,
    path: bytes('path') ?? extensions.longName ?? header.path,
    size: number('size') ?? header.size,
    uid: number('uid') ?? header.uid,
    gid: number('gid') ?? header.gid,
    mtime: readPaxTime(local, 'mtime') ?? readPaxTime(global, 'mtime') ?? header.mtime,
    ...(linkPath === undefined ? {} : { linkPath }),
  };
  return withType(completed, flag);
}

function withType(header: Omit<TarHeader, 'type'>, flag: string): TarHeader {
  if (flag === 'S') throw sparse();
  const plain = typeOfFlag.get(flag);
  if (plain === undefined) throw invalid(`an entry has the unknown type ${JSON.stringify(flag)}`);
  if (!Number.isSafeInteger(header.size) || header.size < 0) throw invalid('an entry has an impossible size');
  // Before ustar a directory was a file whose name ends with a slash.
  const type = plain === 'file' && header.path[header.path.length - 1] === slash ? 'directory' : plain;
  const { linkPath, ...rest } = header;
  return {
    ...rest,
    path: withoutSlash(header.path),
    type,
    size: plain === 'file' ? header.size : 0,
    ...(linkPath !== undefined && (type === 'symlink' || type === 'link') ? { linkPath } : {}),
  };
}

function hasSparse(records: PaxRecords): boolean {
  return records.has('GNU.sparse.major') || records.has('GNU.sparse.map') || records.has('GNU.sparse.size');
}

function nonEmpty(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

function withoutSlash(path: Uint8Array): Uint8Array {
  let end = path.length;
  while (end > 1 && path[end - 1] === slash) end -= 1;
  return path.subarray(0, end);
}

function hasChecksum(block: Uint8Array): boolean {
  let unsigned = 8 * 0x20;
  let negative = 0;
  for (let at = 0; at < block.length; at += 1) {
    if (at >= 148 && at < 156) continue;
    const byte = block[at] ?? 0;
    unsigned += byte;
    if (byte > 0x7f) negative += 256;
  }
  const stated = readOctal(block, 148, 156);
  // Some old writers summed signed bytes.
  return stated === unsigned || stated === unsigned - negative;
}

function hasStarTrailer(block: Uint8Array): boolean {
  return latin1(block, 508, 512) === 'tar\0';
}

function readNumber(block: Uint8Array, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  const value = (first & 0x80) === 0 ? readOctal(block, offset, offset + length) : readBase256(block, offset, length);
  if (!Number.isSafeInteger(value)) throw invalid('a number in a header cannot be read');
  return value;
}

function readBase256(block: Uint8Array, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  const negative = (first & 0x40) !== 0;
  let value = negative ? (first & 0x7f) - 0x80 : first & 0x7f;
  for (let at = offset + 1; at < offset + length; at += 1) value = value * 256 + (block[at] ?? 0);
  return value;
}

/** Octal digits, with spaces before them and a space or NUL behind; NaN for anything else, 0 for nothing. */
function readOctal(block: Uint8Array, offset: number, end: number): number {
  let at = offset;
  while (at < end && block[at] === 0x20) at += 1;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = (block[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return block[at] === 0 || block[at] === 0x20 ? value : Number.NaN;
    value = value * 8 + digit;
  }
  return value;
}

function readString(block: Uint8Array, offset: number, length: number): Uint8Array {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  // A copy: a view would keep the whole chunk that it lies in.
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

function latin1(block: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...block.subarray(start, end));
}

function sparse(): BoatLoadError {
  return invalid('it holds a sparse file, which BoatLoad does not read; pack it again without --sparse');
}

function invalid(what: string): BoatLoadError {
  return new BoatLoadError('archive_invalid', `The tar archive cannot be read: ${what}.`);
}
