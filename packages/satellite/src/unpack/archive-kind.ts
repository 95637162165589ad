import { open } from 'node:fs/promises';
import { BoatLoadError } from '@boatload/contract';
import { decompressFile, type TarKind } from './decompress/decompress.ts';

export type ArchiveKind = 'zip' | TarKind;

const headBytes = 512;

/** How compressed files begin (RFC 1952, RFC 8878, The .xz File Format 1.2.1). */
const magics: readonly (readonly [TarKind, Buffer])[] = [
  ['tar.gz', Buffer.of(0x1f, 0x8b)],
  ['tar.zst', Buffer.of(0x28, 0xb5, 0x2f, 0xfd)],
  ['tar.xz', Buffer.from('\xfd7zXZ\0', 'latin1')],
];

/**
 * What a file is by its first bytes, whatever it is called; undefined if it is not an archive that is unpacked.
 * @throws archive_too_large when it is compressed such that looking into it takes too much memory
 */
export async function detectArchive(file: string): Promise<ArchiveKind | undefined> {
  const head = await readHead(file);
  if (isZip(head)) return 'zip';
  if (isTar(head)) return 'tar';
  const kind = compressionOf(head);
  return kind !== undefined && isTar(await decompressHead(file, kind)) ? kind : undefined;
}

/** The first bytes of a file, fewer if it is shorter. */
export async function readHead(file: string, size: number = headBytes): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function compressionOf(head: Buffer): TarKind | undefined {
  // A zstd file of several threads may begin with a frame to be skipped.
  if (head.length >= 4 && (head.readUInt32LE() & 0xfffffff0) >>> 0 === 0x184d2a50) return 'tar.zst';
  return magics.find(([, magic]) => head.subarray(0, magic.length).equals(magic))?.[0];
}

function isZip(head: Buffer): boolean {
  const magic = head.subarray(0, 4).toString('latin1');
  return magic === 'PK\u0003\u0004' || magic === 'PK\u0005\u0006';
}

/** By its checksum, which the oldest tar has too: the sum of the header's bytes with its own field as spaces. */
function isTar(head: Buffer): boolean {
  if (head.length < headBytes) return false;
  const written = Number.parseInt(head.toString('latin1', 148, 156).replace(/\0.*$/s, '').trim(), 8);
  let sum = 8 * 0x20;
  for (let at = 0; at < headBytes; at += 1) sum += at >= 148 && at < 156 ? 0 : (head[at] ?? 0);
  return sum === written;
}

async function decompressHead(file: string, kind: TarKind): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of decompressFile({ file, kind }, {})) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= headBytes) break;
    }
  } catch (error) {
    // One that asks for too much is an archive; one that is broken is a file like any other.
    if (error instanceof BoatLoadError && error.code === 'archive_too_large') throw error;
  }
  return Buffer.concat(chunks).subarray(0, headBytes);
}
