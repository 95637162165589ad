import { crc32 } from 'node:zlib';

const blockBytes = 131_072;

/** Bytes as zstd that compresses nothing (RFC 8878), with a window of 128 KiB or what the byte says. */
export function storeZstd(bytes: Buffer, window = 0x38): Buffer {
  const parts = [zstdHeader(window)];
  for (let at = 0; at === 0 || at < bytes.length; at += blockBytes) {
    const content = bytes.subarray(at, at + blockBytes);
    parts.push(zstdBlock(0, content.length, at + blockBytes >= bytes.length), content);
  }
  return Buffer.concat(parts);
}

/** Zeros as zstd packs them best: four bytes for each 128 KiB. */
export function zstdOfZeros(blocks: number): Buffer {
  const parts = [zstdHeader(0x38)];
  for (let block = 1; block <= blocks; block += 1) {
    parts.push(zstdBlock(1, blockBytes, block === blocks), Buffer.of(0));
  }
  return Buffer.concat(parts);
}

function zstdHeader(window: number): Buffer {
  return Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, window);
}

function zstdBlock(type: 0 | 1, size: number, isLast: boolean): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((size << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return head;
}

/** Bytes as xz that compresses nothing (The .xz File Format 1.2.1), with a dictionary of 8 MiB or what the byte says. */
export function storeXz(bytes: Buffer, dictionary = 0x16): Buffer {
  const flags = Buffer.of(0, 1);
  const blockHeader = withChecksum(Buffer.of(2, 0, 0x21, 1, dictionary, 0, 0, 0));
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const content = bytes.subarray(at, at + 65_536);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(content.length - 1);
    chunks.push(Buffer.of(at === 0 ? 1 : 2), size, content);
  }
  const data = Buffer.concat([...chunks, Buffer.of(0)]);
  const block = Buffer.concat([blockHeader, padded(data), checksumOf(bytes)]);
  const sizes = [...numberBytes(blockHeader.length + data.length + 4), ...numberBytes(bytes.length)];
  const index = withChecksum(padded(Buffer.of(0, 1, ...sizes)));
  const backward = Buffer.alloc(4);
  backward.writeUInt32LE(index.length / 4 - 1);
  const end = Buffer.concat([backward, flags]);
  const start = Buffer.concat([Buffer.from('\xfd7zXZ\0', 'latin1'), withChecksum(flags)]);
  return Buffer.concat([start, block, index, checksumOf(end), end, Buffer.from('YZ')]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function withChecksum(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, checksumOf(bytes)]);
}

function checksumOf(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(bytes));
  return checksum;
}

function numberBytes(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...numberBytes(Math.floor(value / 0x80))];
}
