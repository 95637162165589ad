const kibi = 1024;
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes as people read them: `1.5 GiB`. */
export function formatSize(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  // What would be rounded to 1024 of a unit is 1 of the next.
  while (unit < units.length - 1 && amount >= kibi - 0.5) {
    amount /= kibi;
    unit += 1;
  }
  return `${unit === 0 || amount >= 99.95 ? amount.toFixed(0) : amount.toFixed(1)} ${units[unit]}`;
}

/** Reads `200g`, `1.5 TiB`, `512MB` or bytes; every unit is a power of 1024, as Docker has it. Undefined: unreadable. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Math.round(Number(digits) * kibi ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const durations = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** Reads `90s`, `15m`, `12h`, `7d`, `2w` or a number of seconds, as seconds. Undefined: unreadable. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)\s*([smhdw]?)$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const [, seconds] = Object.entries(durations).find(([name]) => name === (unit.toLowerCase() || 's')) ?? [];
  return seconds === undefined ? undefined : Number(digits) * seconds;
}

const ages = [
  ['day', 86_400],
  ['hour', 3_600],
  ['min', 60],
] as const;

/** How long ago something was: `5 min ago`. What clocks that differ put in the future is `just now`. */
export function formatAge(at: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(at)) / 1_000;
  const [name, length] = ages.find(([, each]) => seconds >= each) ?? [];
  if (name === undefined || length === undefined) return 'just now';
  const count = Math.floor(seconds / length);
  return `${count} ${name}${count === 1 || name === 'min' ? '' : 's'} ago`;
}
