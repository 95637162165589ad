/** What a satellite tells of its work: fields first, then a fixed message, as pino takes them. */
export interface SatelliteLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLog: SatelliteLog = { info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // Nobody listens.
}
