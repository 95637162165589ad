import { BoatLoadError, type CacheEntry } from '@boatload/contract';

/** As many characters of an id are shown, where they tell it from all others. */
const leastShown = 12;

/** How each entry is shown: the beginning of its id, as long as is needed to tell it from the others. */
export function shortNames(entries: readonly CacheEntry[]): ReadonlyMap<CacheEntry, string> {
  const ids = entries.map(({ id }) => id).toSorted();
  const places = new Map(ids.map((id, place) => [id, place]));
  return new Map(
    entries.map((entry) => {
      const place = places.get(entry.id) ?? 0;
      const neighbours = [ids[place - 1], ids[place + 1]].map((other) => sharedLength(entry.id, other));
      return [entry, entry.id.slice(0, Math.max(leastShown, ...neighbours.map((shared) => shared + 1)))];
    }),
  );
}

function sharedLength(one: string, other: string | undefined): number {
  if (other === undefined || one === other) return 0;
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

/**
 * The entries that are named by their ids or by the beginnings of them; on several nodes, all that have this id.
 * @throws cache_entry_not_found, conflict where a beginning is that of several ids
 */
export function findEntries(entries: readonly CacheEntry[], names: readonly string[]): readonly CacheEntry[] {
  return [...new Set(names.flatMap((name) => findEntry(entries, name)))];
}

function findEntry(entries: readonly CacheEntry[], name: string): readonly CacheEntry[] {
  const exact = entries.filter(({ id }) => id === name);
  if (exact.length > 0) return exact;
  const found = entries.filter(({ id }) => id.startsWith(name));
  const ids = [...new Set(found.map(({ id }) => id))];
  if (ids.length === 1) return found;
  if (ids.length > 1) {
    const shown = ids.slice(0, 5).join(', ');
    throw new BoatLoadError('conflict', `"${name}" begins ${ids.length} entries (${shown}): write more of the id.`);
  }
  const text = `No entry is called "${name}": "boatload cache ls" lists those that there are.`;
  throw new BoatLoadError('cache_entry_not_found', text);
}
