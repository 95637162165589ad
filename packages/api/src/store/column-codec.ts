/** A value as a text column keeps it. */
export function encodeColumn(value: unknown): string {
  return JSON.stringify(value);
}

/** A value that `encodeColumn` wrote. */
export function decodeColumn<T>(text: string): T {
  // Only this store writes these columns, from values of the same type: the type is what was written.
  return JSON.parse(text) as T;
}
