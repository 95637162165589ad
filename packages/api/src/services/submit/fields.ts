import { BoatLoadError, containerFields, type Warning } from '@boatload/contract';
import { closest, distance } from 'fastest-levenshtein';

type Fields = Readonly<Record<string, unknown>>;

/** What browsers' and Django clients' forms carry beside the fields themselves. */
const formBaggage: ReadonlySet<string> = new Set(['csrfmiddlewaretoken']);

/** Fields that are neither null nor empty text: those two mean absent. */
export function presentFields(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value !== null && value !== '' && !formBaggage.has(name)),
  );
}

/** Splits off the fields that nobody knows; with `strict` they are refused. */
export function splitUnknown(fields: Fields, strict: boolean): { known: Record<string, unknown>; warnings: Warning[] } {
  const known: Record<string, unknown> = {};
  const warnings: Warning[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (containerFields.includes(name)) known[name] = value;
    else warnings.push({ code: 'unknown_field', field: shorten(name), detail: describeUnknown(shorten(name), strict) });
  }
  const first = warnings[0];
  if (strict && first !== undefined) {
    const perField = Object.fromEntries(warnings.map(({ field, detail }) => [field, [detail]]));
    throw new BoatLoadError('unknown_field', first.detail, { field: first.field, fields: perField });
  }
  return { known, warnings };
}

/** Form fields whose value is not text: read as JSON, so that `env={"A":"1"}` and `cpus=0.5` work in a form. */
const notText: ReadonlySet<string> = new Set([
  'env',
  'labels',
  'retries',
  'timeout',
  'cpus',
  'registry_auth',
  'ports',
  'links',
  'gpus',
  'placement',
  'keep',
]);

/** Form fields that are true or false, and how forms write these; browsers say `on`, Python's clients `True`. */
const flags: ReadonlySet<string> = new Set(['unpack', 'data_proxy']);
const flagWords: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'off'].map((word) => [word, false] as const),
]);

/** Fields that may be text or a list: read as JSON only where the text begins like a JSON list. */
const textOrList: ReadonlySet<string> = new Set(['container_args', 'entrypoint']);

/** Gives the values of a form the types that they have in JSON. What can't be read stays text, and is refused later. */
export function typeFormFields(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeFormField(name, value)]));
}

function typeFormField(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (flags.has(name)) return flagWords.get(value.toLowerCase()) ?? value;
  if (!notText.has(name) && !(textOrList.has(name) && value.trimStart().startsWith('['))) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function describeUnknown(name: string, refused: boolean): string {
  const nearest = closest(name, [...containerFields]);
  const near = distance(name, nearest) <= Math.max(2, Math.floor(name.length / 3));
  const what = `The field "${name}" is not known${refused ? '' : ' and was ignored'}.`;
  return near ? `${what} Did you mean "${nearest}"?` : `${what} The fields are listed at /docs.`;
}

function shorten(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}
