import { isUtf8 } from 'node:buffer';
import { type PathKey, toBytes } from '../files/container-path.ts';

/**
 * A path as the Engine writes it in JSON: Go puts U+FFFD in the place of each byte that is not part of UTF-8
 * (Node's own decoder would put one for several).
 */
export function engineText(key: PathKey): string {
  const bytes = toBytes(key);
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = [1, 2, 3, 4].find((size) => at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)));
    text += length === undefined ? '\ufffd' : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return text;
}
