import { encodeTarHeader, type TarEntry, type TarHeader, tarPadding } from '@boatload/engine';
import { joinPath, nameOf, type PathKey, parentOf, relativeToRoot } from './container-path.ts';
import { isCutOff } from './retry-cut.ts';

const zeros = Buffer.alloc(64 * 1024);
const gathered = 64 * 1024;

/**
 * Writes an entry with its body. What is missing of a body that became shorter while it was read is filled with
 * zeros: its size is already written.
 * @returns whether the body was whole
 */
export async function* packEntry(
  header: TarHeader,
  body: TarEntry['body'],
): AsyncGenerator<Uint8Array, boolean, undefined> {
  yield encodeTarHeader(header);
  let left = header.type === 'file' ? header.size : 0;
  if (left === 0) return true;
  try {
    for await (const chunk of body) {
      left -= chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (!isCutOff(error)) throw error;
  }
  const whole = left === 0;
  for (; left > 0; left -= Math.min(left, zeros.length)) yield zeros.subarray(0, left);
  yield tarPadding(header.size);
  return whole;
}

/** A deleted path as the layers of OCI images tell it: an empty file named `.wh.` and its name. */
export function encodeWhiteout(key: PathKey): Buffer {
  const path = relativeToRoot(joinPath(parentOf(key), `.wh.${nameOf(key)}`));
  return encodeTarHeader({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: new Date(0) });
}

/** Puts small chunks together, so that many headers don't become many writes; large chunks pass as they are. */
export async function* gather(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    parts.push(chunk);
    length += chunk.length;
    if (length < gathered) continue;
    yield parts.length === 1 ? chunk : Buffer.concat(parts);
    parts = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(parts);
}
