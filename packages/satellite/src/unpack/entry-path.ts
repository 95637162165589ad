import { BoatLoadError, encodePath } from '@boatload/contract';

const longestComponent = 255;
/** PATH_MAX, less some room for the mount's own path. */
const longestPath = 3_072;

/**
 * The path of an archive's entry as it may be placed below the target: without `.` and empty components.
 * undefined for the target itself.
 * @throws archive_unsafe when the name leads out of the target, also for who reads a backslash as a slash
 * @throws archive_invalid when no file system could hold the name
 */
export function safeEntryPath(name: Uint8Array): Buffer | undefined {
  // latin1 maps every byte to one character and back, so that names stay the bytes they are.
  const text = Buffer.from(name).toString('latin1');
  if (text.startsWith('/')) throw unsafe(name, 'is an absolute path');
  const windows = text.replaceAll('\\', '/');
  if (text.includes('\\') && (windows.startsWith('/') || /^[A-Za-z]:/.test(windows))) {
    throw unsafe(name, 'is an absolute path of Windows');
  }
  if (windows.split('/').includes('..')) throw unsafe(name, 'leads out of the target by «..»');
  if (text.includes('\0')) throw broken(name, 'contains a NUL byte');
  const components = text.split('/').filter((component) => component !== '' && component !== '.');
  if (components.some((component) => component.length > longestComponent)) {
    throw broken(name, `has a part of more than ${longestComponent} bytes`);
  }
  const path = components.join('/');
  if (path.length > longestPath) throw broken(name, `is longer than ${longestPath} bytes`);
  return path === '' ? undefined : Buffer.from(path, 'latin1');
}

/**
 * Checks that a symbolic link stays inside the target, wherever its way leads: `..` only at the beginning, and
 * not more often than the link lies deep. (A `..` behind a name could step out of the target through another
 * link; that no entry lies below a link of the archive is the archive guard's part of the argument.)
 * @throws archive_unsafe
 */
export function checkSymlink(path: Uint8Array, target: Uint8Array): void {
  const text = Buffer.from(target).toString('latin1');
  if (text === '' || text.includes('\0')) throw broken(path, 'is a symbolic link without a usable target');
  if (text.startsWith('/')) throw unsafe(path, `is a symbolic link to the absolute path ${showName(target)}`);
  const components = text.split('/').filter((component) => component !== '' && component !== '.');
  const depth = Buffer.from(path).toString('latin1').split('/').length - 1;
  const upward = components.findIndex((component) => component !== '..');
  const ups = upward === -1 ? components.length : upward;
  if (ups > depth || components.slice(ups).includes('..')) {
    throw unsafe(path, `is a symbolic link that may leave the target: ${showName(target)}`);
  }
}

/** The error for an entry that would reach outside, by its name. */
export function unsafe(name: Uint8Array, what: string): BoatLoadError {
  return new BoatLoadError(
    'archive_unsafe',
    `The archive's entry ${showName(name)} ${what}: nothing of it was used. Pack it again without this entry.`,
    { field: 'data' },
  );
}

/** The error for an entry that cannot be used, by its name. */
export function broken(name: Uint8Array, what: string, cause?: unknown): BoatLoadError {
  return new BoatLoadError('archive_invalid', `The archive's entry ${showName(name)} ${what}.`, {
    field: 'data',
    cause,
  });
}

/** A name in a sentence: quoted, control characters escaped, not endless. */
function showName(name: Uint8Array): string {
  const text = encodePath(name).path;
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
