const longestPath = 300;

/** A URL as it may be shown: without log-in, query and fragment, which may be secrets, and not endless. */
export function showUrl(url: string): string {
  if (!URL.canParse(url)) return '«the URL»';
  const { protocol, host, pathname } = new URL(url);
  // What is no path may be the content itself.
  if (!pathname.startsWith('/') && pathname !== '') return `${protocol}…`;
  const path = pathname.length > longestPath ? `${pathname.slice(0, longestPath)}…` : pathname;
  return `${protocol}//${host}${path}`;
}
