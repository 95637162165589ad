const longestName = 255;

/** The name that an answer gives its content: Content-Disposition, else the last segment of the URL. */
export function fileNameOf(url: string, disposition: string | undefined): string | undefined {
  return safeFileName(dispositionName(disposition) ?? '') ?? safeFileName(lastSegment(url));
}

/** A name as it may stand in a directory; undefined if nothing usable is left of it. */
export function safeFileName(name: string): string | undefined {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = last.replace(/[\u0000-\u001f\u007f]/g, '').trim();
  if (clean === '' || clean === '.' || clean === '..') return undefined;
  return shorten(clean);
}

function dispositionName(disposition: string | undefined): string | undefined {
  if (disposition === undefined) return undefined;
  // RFC 6266: filename* (RFC 8187) wins over filename.
  const extended = /;\s*filename\*\s*=\s*(?:utf-8)'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) return decode(extended);
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1');
  return /;\s*filename\s*=\s*([^;\s"]+)/i.exec(disposition)?.[1];
}

function lastSegment(url: string): string {
  return decode(new URL(url).pathname.split('/').at(-1) ?? '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shorten(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > longestName) short = short.slice(0, -1);
  return short.replace(/[\ud800-\udbff]$/, '');
}
