import { readFileSync } from 'node:fs';

/** The version of this package, as answers and the command show it. */
export const version: string = readVersion();

function readVersion(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const isPackage = typeof file === 'object' && file !== null && 'version' in file;
  return isPackage ? String(file.version) : 'unknown';
}
