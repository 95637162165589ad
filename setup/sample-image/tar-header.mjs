const blockSize = 512;

/**
 * Encodes one entry of a POSIX tar: its header, and its content where that is given.
 * @param {{ readonly path: string, readonly mode: number, readonly uid?: number, readonly size?: number, readonly text?: string }} entry
 *   `path` ends in a slash for a folder; `size` stands for content that the caller writes.
 * @returns {Buffer}
 */
export function encodeEntry({ path, mode, uid = 0, size, text }) {
  const content = Buffer.from(text ?? '');
  const header = Buffer.alloc(blockSize);
  header.write(path, 0, 100);
  header.write(octal(mode, 7), 100);
  header.write(octal(uid, 7), 108);
  header.write(octal(uid, 7), 116);
  header.write(octal(size ?? content.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(path.endsWith('/') ? '5' : '0', 156);
  header.write('ustar\u000000', 257, 'latin1');
  // The checksum is taken with its own field full of blanks.
  header.fill(' ', 148, 156);
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
    'latin1',
  );
  return Buffer.concat([header, content, encodePadding(content.length)]);
}

/**
 * The zeros that fill content up to a whole block.
 * @param {number} size
 */
export function encodePadding(size) {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

/**
 * @param {number} value
 * @param {number} width
 */
function octal(value, width) {
  return value.toString(8).padStart(width, '0');
}
