import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

export type ArchiveKind = 'zip' | 'tar' | 'tar.gz';

const headBytes = 512;

/** What a file is by its first bytes, whatever it is called; undefined if it is not an archive that is unpacked. */
export async function detectArchive(file: string): Promise<ArchiveKind | undefined> {
  const head = await readHead(file);
  if (isZip(head)) return 'zip';
  if (isTar(head)) return 'tar';
  if (head[0] !== 0x1f || head[1] !== 0x8b) return undefined;
  return isTar(await gunzipHead(file)) ? 'tar.gz' : undefined;
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

async function gunzipHead(file: string): Promise<Buffer> {
  const source = createReadStream(file);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of source.pipe(gunzip)) {
      const bytes: Buffer = chunk;
      chunks.push(bytes);
      size += bytes.length;
      if (size >= headBytes) break;
    }
  } catch {
    // Not gzip after all, or broken: then it is a file like any other.
  } finally {
    source.destroy();
  }
  return Buffer.concat(chunks).subarray(0, headBytes);
}
