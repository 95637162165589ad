import { BoatLoadError } from '@boatload/contract';

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
/** The Engine refuses less. */
const leastBytes = 6 * 1024 ** 2;

/**
 * Reads Docker's way of writing an amount of memory: `512m`, `2g`, or bytes.
 * @throws invalid_field below 6 MiB, and beyond what a number holds
 */
export function parseMemory(value: number | string): number {
  const [, digits = '0', unit = ''] = /^(\d+)([bkmg]?)$/i.exec(String(value)) ?? [];
  const bytes = Number(digits) * (units[unit.toLowerCase()] ?? 1);
  if (bytes >= leastBytes && Number.isSafeInteger(bytes)) return bytes;
  const bounds = bytes < leastBytes ? 'at least 6m' : 'an amount that a node can have';
  throw new BoatLoadError('invalid_field', `memory is ${value}: it must be ${bounds}.`, { field: 'memory' });
}
