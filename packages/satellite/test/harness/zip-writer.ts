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
}

/** Writes a zip by hand (APPNOTE.TXT 6.3.10), because no tool writes hostile ones. */
export function writeZip(inputs: readonly ZipInput[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const input of inputs) {
    const name = Buffer.isBuffer(input.name) ? input.name : Buffer.from(input.name, 'utf8');
    const content = Buffer.from(input.content ?? '');
    const packed = input.deflate === true ? deflateRawSync(content) : content;
    const method = input.method ?? (input.deflate === true ? 8 : 0);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(input.flags ?? (Buffer.isBuffer(input.name) ? 0 : 0x800), 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt16LE(0x21, 8);
    fields.writeUInt32LE(checksum(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(input.claimedSize ?? content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), fields, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((input.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from([20, input.system ?? 3]);
    central.push(Buffer.concat([Buffer.from('PK\u0001\u0002', 'latin1'), madeBy, fields, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(inputs.length, 8);
  end.writeUInt16LE(inputs.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

function checksum(content: Buffer): number {
  return crc32(content);
}
