/** Reads one member of a value that came as JSON; undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

export function textMember(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === 'string' ? found : '';
}

export function numberMember(value: unknown, name: string): number {
  const found = member(value, name);
  return typeof found === 'number' ? found : 0;
}

export function flagMember(value: unknown, name: string): boolean {
  return member(value, name) === true;
}

export function listMember(value: unknown, name: string): readonly unknown[] {
  const found = member(value, name);
  return Array.isArray(found) ? found : [];
}

export function textListMember(value: unknown, name: string): readonly string[] {
  return listMember(value, name).filter((item) => typeof item === 'string');
}

/** The members of an object that are text: labels, attributes. */
export function textsMember(value: unknown, name: string): Readonly<Record<string, string>> {
  const found = member(value, name);
  if (typeof found !== 'object' || found === null) return {};
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
