import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { decodeTar, encodeTarHeader, type TarHeader, tarEnd, tarPadding } from '../../src/index.ts';

export interface Packed extends TarHeader {
  readonly content: Buffer;
}

/** A header with the fields that a test doesn't care for. */
export function headerOf(fields: Partial<Packed> & { readonly path: Uint8Array }): Packed {
  const content = fields.content ?? Buffer.alloc(0);
  return {
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: content.length,
    mtime: new Date(1_700_000_000_000),
    content,
    ...fields,
  };
}

export function packAll(entries: readonly Packed[]): Buffer {
  const parts = entries.flatMap((entry) => [encodeTarHeader(entry), entry.content, tarPadding(entry.content.length)]);
  return Buffer.concat([...parts, tarEnd]);
}

/** The bytes in chunks of `size`, so that headers and bodies lie across their edges. */
export async function* inChunks(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function unpackAll(bytes: AsyncIterable<Uint8Array>): Promise<Packed[]> {
  const entries: Packed[] = [];
  for await (const entry of decodeTar(bytes)) {
    const { body, ...header } = entry;
    entries.push({ ...header, content: await collect(body) });
  }
  return entries;
}

export async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Runs a program; anything on its standard error or a bad exit status is an error. */
export async function run(program: string, args: readonly string[], input?: Uint8Array): Promise<Buffer> {
  const child = spawn(program, args, { env: { ...process.env, LC_ALL: 'C' } });
  // A program that doesn't read its input closes it before we have written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const [out, err] = await Promise.all([collect(child.stdout), collect(child.stderr), once(child, 'close')]);
  if (child.exitCode !== 0 || err.length > 0) throw new Error(`${program} ended ${child.exitCode}: ${err.toString()}`);
  return out;
}
