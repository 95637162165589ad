import { BoatLoadError } from '@boatload/contract';
import { split } from 'shlex';

/**
 * A command line as a list of words: a list stays as it is, text is split as a shell splits it, but no shell
 * ever sees it: `$`, `*`, `|` and `;` are ordinary characters.
 * @throws invalid_field on a quote that is never closed
 */
export function splitWords(field: string, value: string | readonly string[]): string[] {
  if (typeof value !== 'string') return [...value];
  try {
    return split(value);
  } catch (cause) {
    throw new BoatLoadError('invalid_field', `${field} has a quote that is never closed: close it, or send a list.`, {
      field,
      cause,
    });
  }
}
