import type { CacheEntry } from '@boatload/contract';
import { formatAge, formatSize } from '../../amounts.ts';
import { shortNames } from './entry-names.ts';
import type { NodeCache } from './node-caches.ts';

/** All that the nodes keep, as an aligned table with a line of totals for each node. */
export function renderCaches(caches: readonly NodeCache[], now: Date): string {
  const entries = caches.flatMap((cache) => cache.entries);
  const totals = caches.map((cache) => renderTotal(cache, caches.length > 1));
  if (entries.length === 0) return `${totals.join('\n')}\n`;
  const names = shortNames(entries);
  const nodeOf = (node: string): readonly string[] => (caches.length > 1 ? [node] : []);
  const head = [...nodeOf('NODE'), 'ID', 'FORM', 'SIZE', 'USED BY', 'LAST USED', 'FROM'];
  const rows = entries.map((entry) => [
    ...nodeOf(entry.node),
    names.get(entry) ?? entry.id,
    entry.form,
    formatSize(entry.bytes),
    describeUse(entry),
    formatAge(entry.last_used_at, now),
    showable(entry.origin ?? 'an upload'),
  ]);
  return `${alignTable([head, ...rows])}\n${totals.join('\n')}\n`;
}

function describeUse({ in_use: count }: CacheEntry): string {
  if (count === 0) return 'nobody';
  return count === 1 ? '1 container' : `${count} containers`;
}

function renderTotal({ node, quota, entries }: NodeCache, several: boolean): string {
  const of = several ? ` of ${node}` : '';
  const limit = quota === null ? '' : ` of at most ${formatSize(quota)}`;
  if (entries.length === 0) {
    return `The cache${of} is empty${quota === null ? '' : `; it may take ${formatSize(quota)}`}.`;
  }
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return `${countEntries(entries.length)}${of}, ${formatSize(bytes)}${limit}.`;
}

export function countEntries(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`;
}

/** Rows of cells, each column as wide as its widest cell. */
function alignTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What a user wrote into a URL must not move the cursor of whoever looks. */
function showable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
