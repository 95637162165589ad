import { BoatLoadError } from '@boatload/contract';

/** Query parameters as the URL has them: text, or a list where one is given more than once. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Reads query parameters; each function answers undefined where the parameter is absent or empty. */
export function textParam(query: Query, name: string): string | undefined {
  const value = query[name];
  const last = typeof value === 'string' ? value : value?.at(-1);
  return last === '' ? undefined : last;
}

/** Every value of a parameter that may be repeated. */
export function listParam(query: Query, name: string): readonly string[] {
  const value = query[name];
  return typeof value === 'string' ? [value] : (value ?? []);
}

/** The URL of a list's next page: the same query, but for the cursor. */
export function nextPageUrl(path: string, query: Query, cursor: string): string {
  const params = new URLSearchParams();
  for (const name of Object.keys(query).filter((each) => each !== 'after')) {
    for (const value of listParam(query, name)) params.append(name, value);
  }
  params.append('after', cursor);
  return `${path}?${params}`;
}

/** `?name`, `?name=true` and `?name=1` are true; absent, `false` and `0` are false. */
export function flagParam(query: Query, name: string): boolean {
  const value = query[name];
  const last = typeof value === 'string' ? value : value?.at(-1);
  if (last === undefined || last === 'false' || last === '0') return false;
  if (last === '' || last === 'true' || last === '1') return true;
  throw refuse(name, last, 'true or false');
}

/** A whole number within bounds. */
export function numberParam(query: Query, name: string, bounds: { min: number; max: number }): number | undefined {
  const text = textParam(query, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw refuse(name, text, `a whole number from ${bounds.min} to ${bounds.max}`);
}

/** RFC 3339, or seconds since 1970 with a fraction; answered as RFC 3339 in UTC with the fraction kept. */
export function timeParam(query: Query, name: string): string | undefined {
  const text = textParam(query, name);
  if (text === undefined) return undefined;
  const [, seconds, fraction = ''] = /^(\d{1,11})(\.\d{1,9})?$/.exec(text) ?? [];
  if (seconds !== undefined) return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction}Z`;
  const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;
  if (rfc3339.test(text) && !Number.isNaN(Date.parse(text))) {
    return `${new Date(text).toISOString().slice(0, 19)}${/\.\d+/.exec(text)?.[0] ?? ''}Z`;
  }
  throw refuse(name, text, 'a time like 2026-01-31T12:00:00Z, or seconds since 1970');
}

/** One of a few words. */
export function wordParam<T extends string>(query: Query, name: string, words: readonly T[]): T | undefined {
  const text = textParam(query, name);
  if (text === undefined) return undefined;
  const word = words.find((each) => each === text);
  if (word !== undefined) return word;
  throw refuse(name, text, `one of ${words.join(', ')}`);
}

function refuse(name: string, value: string, expected: string): BoatLoadError {
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return new BoatLoadError('invalid_query', `?${name}=${shown} is not valid: it must be ${expected}.`, { field: name });
}
