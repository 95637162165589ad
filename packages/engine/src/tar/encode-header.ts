import { isUtf8 } from 'node:buffer';
import { encodePaxRecord } from './pax-records.ts';
import { blockSize, type TarHeader, typeFlags } from './tar-header.ts';

const slash = 0x2f;
const nameLength = 100;
const prefixLength = 155;
const largestId = 0o7777777;
const largestNumber = 0o77777777777;
const zeros = Buffer.alloc(blockSize);

/** The two empty blocks that end an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * blockSize);

/** The zeros that fill the last block of a body of `size` bytes. */
export function tarPadding(size: number): Buffer {
  return zeros.subarray(0, (blockSize - (size % blockSize)) % blockSize);
}

/**
 * Encodes the header of an entry: POSIX ustar, preceded by a pax extended header where ustar has no room (long
 * names, sizes from 8 GiB, large ids, times before 1970 or with fractions) and for names in UTF-8, as pax
 * prescribes. Names in any other encoding stand in the header as they are.
 */
export function encodeTarHeader(header: TarHeader): Buffer {
  const path = header.type === 'directory' ? withSlash(header.path) : header.path;
  const size = header.type === 'file' ? header.size : 0;
  const seconds = header.mtime.getTime() / 1000;
  const split = splitPath(path);
  const records: Buffer[] = [];
  if (split === undefined || isForeignText(path)) records.push(encodePaxRecord('path', path));
  const link = header.linkPath;
  if (link !== undefined && (link.length > nameLength || isForeignText(link))) {
    records.push(encodePaxRecord('linkpath', link));
  }
  if (size > largestNumber) records.push(encodePaxRecord('size', String(size)));
  if (header.uid > largestId) records.push(encodePaxRecord('uid', String(header.uid)));
  if (header.gid > largestId) records.push(encodePaxRecord('gid', String(header.gid)));
  if (!isPlainTime(seconds)) records.push(encodePaxRecord('mtime', seconds.toFixed(3)));
  const names = split ?? { prefix: undefined, name: shorten(path) };
  const block = encodeBlock({ ...header, size }, typeFlags[header.type], names);
  return records.length === 0 ? block : Buffer.concat([encodeExtension(Buffer.concat(records)), block]);
}

interface UstarNames {
  readonly prefix: Uint8Array | undefined;
  readonly name: Uint8Array;
}

function encodeExtension(body: Buffer): Buffer {
  const header: TarHeader = {
    path: Buffer.from('PaxHeaders/entry'),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: body.length,
    mtime: new Date(0),
  };
  const block = encodeBlock(header, 'x', { prefix: undefined, name: header.path });
  return Buffer.concat([block, body, tarPadding(body.length)]);
}

function encodeBlock(header: TarHeader, flag: string, names: UstarNames): Buffer {
  const block = Buffer.alloc(blockSize);
  block.set(names.name, 0);
  writeOctal(block, 100, { digits: 7, value: header.mode & 0o7777 });
  writeOctal(block, 108, { digits: 7, value: header.uid > largestId ? 0 : header.uid });
  writeOctal(block, 116, { digits: 7, value: header.gid > largestId ? 0 : header.gid });
  writeOctal(block, 124, { digits: 11, value: header.size > largestNumber ? 0 : header.size });
  const seconds = Math.floor(header.mtime.getTime() / 1000);
  writeOctal(block, 136, { digits: 11, value: seconds < 0 || seconds > largestNumber ? 0 : seconds });
  block.write(flag, 156, 'latin1');
  if (header.linkPath !== undefined) block.set(header.linkPath.subarray(0, nameLength), 157);
  block.write('ustar\u000000', 257, 'latin1');
  writeOctal(block, 329, { digits: 7, value: header.device?.major ?? 0 });
  writeOctal(block, 337, { digits: 7, value: header.device?.minor ?? 0 });
  if (names.prefix !== undefined) block.set(names.prefix, 345);
  writeChecksum(block);
  return block;
}

/** Splits a path at a slash into the two fields that ustar has for it; undefined if it doesn't fit. */
function splitPath(path: Uint8Array): UstarNames | undefined {
  if (path.length <= nameLength) return { prefix: undefined, name: path };
  if (path.length > nameLength + prefixLength + 1) return undefined;
  const at = path.indexOf(slash, path.length - nameLength - 1);
  if (at <= 0 || at > prefixLength || at === path.length - 1) return undefined;
  return { prefix: path.subarray(0, at), name: path.subarray(at + 1) };
}

/** What stands in the header of an entry whose real path is in its extension: no slash may end it. */
function shorten(path: Uint8Array): Uint8Array {
  let end = nameLength;
  while (end > 1 && path[end - 1] === slash) end -= 1;
  return path.subarray(0, end);
}

/** Whether a name is text beyond ASCII, which a reader in another locale can only know from a pax header. */
function isForeignText(name: Uint8Array): boolean {
  return name.some((byte) => byte > 0x7f) && isUtf8(name);
}

function isPlainTime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 0 && seconds <= largestNumber;
}

function withSlash(path: Uint8Array): Uint8Array {
  return path[path.length - 1] === slash ? path : Buffer.concat([path, Buffer.of(slash)]);
}

function writeOctal(block: Buffer, offset: number, field: { readonly digits: number; readonly value: number }): void {
  let left = field.value;
  for (let at = offset + field.digits - 1; at >= offset; at -= 1) {
    block[at] = 0x30 + (left % 8);
    left = Math.floor(left / 8);
  }
}

function writeChecksum(block: Buffer): void {
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  writeOctal(block, 148, { digits: 6, value: sum });
  block[154] = 0;
}
