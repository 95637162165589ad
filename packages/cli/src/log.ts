import { Writable } from 'node:stream';
import { destination, type Logger, levels, pino } from 'pino';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The log of a verb, on standard error: lines for people on a terminal, JSON elsewhere. */
export function createLog(level: string): Logger {
  return pino({ level, base: null }, process.stderr.isTTY ? readableLines() : destination({ fd: 2, sync: true }));
}

function readableLines(): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string | Buffer, _encoding, done) {
      process.stderr.write(formatLine(line.toString()));
      done();
    },
  });
}

/** Time, level, message, then each field by its name. An error's stack goes on lines of its own. */
export function formatLine(line: string): string {
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== 'object' || entry === null) return line;
  const { time, level, msg, err, ...fields }: Readonly<Record<string, unknown>> = { ...entry };
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  const name = (levels.labels[Number(level)] ?? '').padEnd(5);
  const words = Object.entries(fields).map(([key, value]) => `${key}=${formatValue(value)}`);
  return `${[clock, name, msg ?? '', ...words].join(' ')}\n${formatError(err)}`;
}

function formatError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const text = 'stack' in error ? error.stack : JSON.stringify(error);
  return `${String(text).replaceAll(/^/gm, '  ')}\n`;
}

function formatValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
