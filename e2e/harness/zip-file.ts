import { crc32 } from 'node:zlib';

/** A file to be zipped; names are UTF-8. */
export interface ZipMember {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Permission bits. Default 0o644. */
  readonly mode?: number;
}

/** Makes a zip archive without compression (APPNOTE.TXT 6.3.10), because no zip program need be installed. */
export function makeZip(members: readonly ZipMember[]): Buffer<ArrayBuffer> {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name, 'utf8');
    const content = Buffer.from(member.content);
    const shared = describe(name, content);
    const file = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), shared, name, content]);
    directory.push(directoryEntry(shared, { name, mode: member.mode ?? 0o644, offset }));
    files.push(file);
    offset += file.length;
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

/** What a file's own header and its entry in the directory have in common. */
function describe(name: Buffer, content: Buffer): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x0800, 2);
  fields.writeUInt16LE(0x5821, 8);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(content.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

function directoryEntry(shared: Buffer, file: { name: Buffer; mode: number; offset: number }): Buffer {
  const madeByUnix = Buffer.from([20, 3]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((0o100000 | file.mode) * 0x10000, 6);
  rest.writeUInt32LE(file.offset, 10);
  return Buffer.concat([Buffer.from('PK\u0001\u0002', 'latin1'), madeByUnix, shared, rest, file.name]);
}
