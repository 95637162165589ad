/**
 * File names are bytes, but the router decodes paths as UTF-8 and refuses what is not. So the part of a URL
 * that names a file is taken out before routing and put back as base64url.
 */
const filePath = /^(\/v1\/container\/[^/?]+\/file\/)([^?]+)(\?.*)?$/s;

/** Rewrites `…/file/PATH` to `…/file/<base64url of the path's bytes>`; all other URLs stay as they are. */
export function protectFilePath(url: string): string {
  const [, before, path, query = ''] = filePath.exec(url) ?? [];
  if (before === undefined || path === undefined) return url;
  return `${before}${decodePercent(path).toString('base64url')}${query}`;
}

/** The absolute path in the container that a protected part of a URL names: `a` and `/a` both name `/a`. */
export function revealFilePath(protectedPath: string): Buffer {
  const bytes = Buffer.from(protectedPath, 'base64url');
  return bytes[0] === slash ? bytes : Buffer.concat([Buffer.of(slash), bytes]);
}

/** The part of a URL that names a file, every byte that could mean something else encoded. */
export function encodeFilePath(path: Uint8Array): string {
  return Array.from(path, (byte) => (isPlain(byte) ? String.fromCharCode(byte) : `%${hex(byte)}`)).join('');
}

const slash = 0x2f;

/** Decodes percent signs to bytes; a percent sign that is not followed by two hex digits stands for itself. */
function decodePercent(text: string): Buffer {
  const parts = text.split(/(%[0-9a-f]{2})/i);
  return Buffer.concat(
    parts.map((part) => (/^%[0-9a-f]{2}$/i.test(part) ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part, 'utf8'))),
  );
}

function isPlain(byte: number): boolean {
  return byte === slash || /[A-Za-z0-9._~-]/.test(String.fromCharCode(byte));
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
