const slash = 0x2f;
const dot = Buffer.from('.');
const dotDot = Buffer.from('..');

/**
 * An absolute path in a container as a string with one character per byte: it can be a key, it compares in the
 * order of bytes, and it keeps names that are not UTF-8. Without a slash at its end; the root is `/`.
 */
export type PathKey = string;

/** The path that bytes name within a container: from the root, `.` and `..` resolved; above the root is the root. */
export function toPathKey(path: Uint8Array): PathKey {
  const parts: Buffer[] = [];
  for (const part of splitAtSlashes(path)) {
    if (part.length === 0 || part.equals(dot)) continue;
    if (part.equals(dotDot)) parts.pop();
    else parts.push(part);
  }
  return `/${parts.map((part) => part.toString('latin1')).join('/')}`;
}

/** The path that text names, as its UTF-8. */
export function textToPathKey(path: string): PathKey {
  return toPathKey(Buffer.from(path, 'utf8'));
}

export function toBytes(key: PathKey): Buffer {
  return Buffer.from(key, 'latin1');
}

/** For a sentence that a person reads. */
export function toText(key: PathKey): string {
  return toBytes(key).toString('utf8');
}

/** The directory that a path lies in; the root lies in itself. */
export function parentOf(key: PathKey): PathKey {
  return key.slice(0, key.lastIndexOf('/')) || '/';
}

export function nameOf(key: PathKey): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** Whether a path lies below a directory; a directory doesn't lie below itself. */
export function isBelow(key: PathKey, directory: PathKey): boolean {
  return directory === '/' ? key !== '/' : key.startsWith(`${directory}/`);
}

/** The path of `name`, which may have slashes, below a directory. */
export function joinPath(directory: PathKey, name: string): PathKey {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

/** A path as it stands in an archive of the container: relative to its root. */
export function relativeToRoot(key: PathKey): Buffer {
  return toBytes(key.slice(1));
}

function splitAtSlashes(path: Uint8Array): Buffer[] {
  const bytes = Buffer.from(path.buffer, path.byteOffset, path.byteLength);
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = bytes.indexOf(slash); at >= 0; at = bytes.indexOf(slash, start)) {
    parts.push(bytes.subarray(start, at));
    start = at + 1;
  }
  parts.push(bytes.subarray(start));
  return parts;
}
