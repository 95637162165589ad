/** A URL as it may be shown: without log-in, query and fragment, which may be secrets. */
export function showUrl(url: string): string {
  if (!URL.canParse(url)) return '«the URL»';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
