import { BoatLoadError } from '@boatload/contract';

/** What a pax extended header says, in the bytes of its values. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

const space = 0x20;
const equals = 0x3d;
const newline = 0x0a;

/** Encodes one record: its own length, a space, `key=value` and a newline. */
export function encodePaxRecord(key: string, value: Uint8Array | string): Buffer {
  const rest = Buffer.concat([
    Buffer.from(` ${key}=`),
    typeof value === 'string' ? Buffer.from(value) : value,
    Buffer.from('\n'),
  ]);
  let length = rest.length;
  // The length counts its own digits, which may add a digit.
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/**
 * Decodes the body of an extended header.
 * @throws archive_invalid
 */
export function decodePaxRecords(body: Uint8Array): PaxRecords {
  const records = new Map<string, Uint8Array>();
  let start = 0;
  while (start < body.length) {
    const gap = body.indexOf(space, start);
    const length = gap < 0 ? Number.NaN : Number(text(body.subarray(start, gap)));
    const end = start + length;
    const middle = body.indexOf(equals, gap);
    if (!(end <= body.length) || middle < 0 || middle >= end || body[end - 1] !== newline) throw broken();
    records.set(text(body.subarray(gap + 1, middle)), body.subarray(middle + 1, end - 1));
    start = end;
  }
  return records;
}

/**
 * A record's value as a number; undefined where there is none.
 * @throws archive_invalid
 */
export function readPaxNumber(records: PaxRecords, key: string): number | undefined {
  const value = records.get(key);
  if (value === undefined || value.length === 0) return undefined;
  const digits = text(value);
  if (!/^\d+$/.test(digits)) throw broken();
  return Number(digits);
}

/**
 * A record's value as a time, cut to the millisecond; undefined where there is none.
 * @throws archive_invalid
 */
export function readPaxTime(records: PaxRecords, key: string): Date | undefined {
  const value = records.get(key);
  if (value === undefined || value.length === 0) return undefined;
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text(value)) ?? [];
  if (whole === undefined) throw broken();
  // By digits: a product of floating numbers may fall below the millisecond that was meant.
  const milliseconds = Number(whole) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  return new Date(sign === '-' ? -milliseconds : milliseconds);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function broken(): BoatLoadError {
  return new BoatLoadError('archive_invalid', 'The tar archive is broken: an extended header cannot be read.');
}
