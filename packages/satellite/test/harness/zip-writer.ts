import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip as a test wants it, right or wrong. */
export interface ZipInput {
  readonly name: string | Buffer;
  readonly content?: Buffer | string;
  readonly mode?: number;
  /** Who made it: 3 Unix (default), 0 DOS. */
  readonly system?: number;
  readonly deflate?: boolean;
  /** A size that is not the content's. */
  readonly claimedSize?: number;
  readonly flags?: number;
  readonly method?: number;
  /** Sizes and place stand in its field of zip64 only. */
  readonly zip64?: boolean;
}

/** Writes a zip by hand (APPNOTE.TXT 6.3.10), because no tool writes hostile ones. */
export function writeZip(inputs: readonly ZipInput[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const input of inputs) {
    const { local, entry } = writeEntry(input, offset);
    central.push(entry);
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const directoryAt = { entries: inputs.length, size: directory.length, offset };
  const isLarge = inputs.length > 0xffff || inputs.some(({ zip64 }) => zip64 === true);
  return Buffer.concat([...locals, directory, isLarge ? endOfZip64(directoryAt) : endOfZip(directoryAt)]);
}

/** What stands before the directory's entry and before the content of one file. */
function writeEntry(input: ZipInput, offset: number): { readonly local: Buffer; readonly entry: Buffer } {
  const name = Buffer.isBuffer(input.name) ? input.name : Buffer.from(input.name, 'utf8');
  const content = Buffer.from(input.content ?? '');
  const packed = input.deflate === true ? deflateRawSync(content) : content;
  const fields = fieldsOf(input, content, packed);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), fields, name, packed]);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(((input.mode ?? 0o100644) << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  const madeBy = Buffer.from([20, input.system ?? 3]);
  const large = input.zip64 === true ? moveToZip64(fields, tail) : Buffer.alloc(0);
  const entry = Buffer.concat([Buffer.from('PK\u0001\u0002', 'latin1'), madeBy, fields, tail, name, large]);
  return { local, entry };
}

function fieldsOf(input: ZipInput, content: Buffer, packed: Buffer): Buffer {
  const method = input.method ?? (input.deflate === true ? 8 : 0);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(input.flags ?? (Buffer.isBuffer(input.name) ? 0 : 0x800), 2);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt16LE(0x21, 8);
  fields.writeUInt32LE(checksum(content), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(input.claimedSize ?? content.length, 18);
  return fields;
}

interface Directory {
  readonly entries: number;
  readonly size: number;
  readonly offset: number;
}

function endOfZip({ entries, size, offset }: Directory): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

/** Its own end record, where that is, and the usual one that says nothing (4.3.14 to 4.3.16). */
function endOfZip64({ entries, size, offset }: Directory): Buffer {
  const record = Buffer.alloc(56);
  record.write('PK\u0006\u0006', 'latin1');
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\u0006\u0007', 'latin1');
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, endOfZip({ entries: 0xffff, size: 0xffffffff, offset: 0xffffffff })]);
}

/** Takes an entry's sizes and place out of its fields. @returns the extra field that has them instead (4.5.3) */
function moveToZip64(fields: Buffer, tail: Buffer): Buffer {
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(BigInt(fields.readUInt32LE(18)), 4);
  extra.writeBigUInt64LE(BigInt(fields.readUInt32LE(14)), 12);
  extra.writeBigUInt64LE(BigInt(tail.readUInt32LE(10)), 20);
  fields.fill(0xff, 14, 22);
  fields.writeUInt16LE(extra.length, 24);
  tail.fill(0xff, 10, 14);
  return extra;
}

function checksum(content: Buffer): number {
  return crc32(content);
}
