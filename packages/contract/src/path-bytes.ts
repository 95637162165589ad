/**
 * File names on Linux are bytes, not text. In JSON a path is its UTF-8 text; where its bytes are not UTF-8,
 * `path` is a readable approximation and `path_b64` carries the bytes themselves.
 */
export interface EncodedPath {
  readonly path: string;
  readonly path_b64?: string;
}

/** Encodes the bytes of a path for JSON. */
export function encodePath(bytes: Uint8Array): EncodedPath {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const path = buffer.toString('utf8');
  return Buffer.from(path, 'utf8').equals(buffer) ? { path } : { path, path_b64: buffer.toString('base64') };
}

/** Gives back the bytes of a path from its JSON form. */
export function decodePath(encoded: EncodedPath): Buffer {
  return encoded.path_b64 === undefined ? Buffer.from(encoded.path, 'utf8') : Buffer.from(encoded.path_b64, 'base64');
}
