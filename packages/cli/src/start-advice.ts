import type { ServiceConfig } from '@boatload/api';
import { BoatLoadError } from '@boatload/contract';

/** Adds to an error that kept the service from starting the command that comes next. */
export function adviseStart(error: unknown, config: ServiceConfig): unknown {
  if (!(error instanceof BoatLoadError)) return error;
  const next = nextCommand(error, config);
  if (next === undefined) return error;
  return new BoatLoadError(error.code, `${error.message}\n\nNext:  ${next}`, { cause: error });
}

function nextCommand({ code, field }: BoatLoadError, { port, dockerHost }: ServiceConfig): string | undefined {
  if (code === 'engine_unavailable') {
    return dockerHost === undefined
      ? 'npm run setup    (in the checkout: finds or installs a Docker Engine)'
      : `docker --host ${dockerHost} version    (shows whether anything answers there)`;
  }
  if (field === 'port') return `boatload up --port ${port < 1_024 ? 8_000 : (port % 65_535) + 1}`;
  if (field === 'data-dir') return 'boatload up --data-dir "$HOME/boatload-data"';
  return undefined;
}
