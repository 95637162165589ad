import { crc32, deflateRawSync } from 'node:zlib';

/** An entry as no honest program writes it: name, mode and sizes are what the test says. */
export interface HostileMember {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** Type and permission bits as Unix has them. Default 0o100644. */
  readonly mode?: number;
  /** The size that the archive claims for the unpacked content. Default the truth. */
  readonly claimedSize?: number;
  /** Says that a password is needed. */
  readonly isEncrypted?: boolean;
  /** Shares the compressed bytes of the member before it, which costs no room. */
  readonly overlaps?: boolean;
}

/** Makes a zip archive (APPNOTE.TXT 6.3.10) of any names, modes and sizes, compressed. */
export function makeHostileZip(members: readonly HostileMember[]): Buffer<ArrayBuffer> {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  let start = 0;
  let fields: Buffer = Buffer.alloc(0);
  for (const member of members) {
    const name = Buffer.from(member.name, 'utf8');
    if (member.overlaps !== true) {
      const content = Buffer.from(member.content ?? '');
      const packed = deflateRawSync(content, { level: 9 });
      fields = fieldsOf(content, packed.length, member.claimedSize ?? content.length);
      if (member.isEncrypted === true) fields.writeUInt16LE(0x0801, 2);
      start = offset;
      const file = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), fields, lengthOf(name), name, packed]);
      files.push(file);
      offset += file.length;
    }
    directory.push(directoryEntry(fields, { name, mode: member.mode ?? 0o100644, offset: start }));
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, entries, end]);
}

function fieldsOf(content: Buffer, packedSize: number, size: number): Buffer {
  const fields = Buffer.alloc(22);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x0800, 2);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt16LE(0x5821, 8);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(packedSize, 14);
  fields.writeUInt32LE(size, 18);
  return fields;
}

/** Lengths of the name and of the extra field. */
function lengthOf(name: Buffer): Buffer {
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16LE(name.length, 0);
  return lengths;
}

function directoryEntry(fields: Buffer, file: { name: Buffer; mode: number; offset: number }): Buffer {
  const madeByUnix = Buffer.from([20, 3]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(file.mode * 0x10000, 6);
  rest.writeUInt32LE(file.offset, 10);
  const head = Buffer.from('PK\u0001\u0002', 'latin1');
  return Buffer.concat([head, madeByUnix, fields, lengthOf(file.name), rest, file.name]);
}
