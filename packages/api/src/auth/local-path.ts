/** Stands for our own address, which no path of ours can name. */
const ownOrigin = 'http://localhost.invalid';

/**
 * The path, with its query, to which a `next` parameter may send somebody: undefined unless a browser would
 * stay on this host with it. Browsers read `\` as `/`, drop tabs and line ends, and take `//host` for a host.
 */
export function localPath(next: string | undefined): string | undefined {
  if (next === undefined || !next.startsWith('/') || !URL.canParse(next, ownOrigin)) return undefined;
  const { origin, pathname, search, hash } = new URL(next, ownOrigin);
  const path = `${pathname}${search}${hash}`;
  return origin === ownOrigin && !path.startsWith('//') ? path : undefined;
}
