import { setTimeout as delay } from 'node:timers/promises';
import type { RunningService, ServiceConfig } from '@boatload/api';
import { BoatLoadError } from '@boatload/contract';
import { Command } from 'commander';
import { createLog } from '../log.ts';
import { adviseStart } from '../start-advice.ts';
import { checkRules } from './up/check-rules.ts';
import { type DataOptions, dataOptions } from './up/data-options.ts';
import { makeConfig } from './up/make-config.ts';
import { upNotes } from './up/notes.ts';
import { type ServiceOptions, serviceOptions } from './up/service-options.ts';

/** How long everything may take to come to rest once we are told to stop. */
const stopMs = 5_000;

type UpOptions = ServiceOptions & DataOptions;

/** `boatload up` */
export function upVerb(signal: AbortSignal): Command {
  const verb = new Command('up')
    .summary('run the service')
    .description(
      'Runs the service until Ctrl-C or SIGTERM, which leave containers running; the next start finds them again.',
    )
    .addHelpText('after', upNotes)
    .action(async (options: UpOptions) => {
      const { defaultLimits, parseFetchRule } = await import('@boatload/api');
      checkRules(verb, parseFetchRule);
      const config = makeConfig(options, { env: process.env, limits: defaultLimits });
      await runService(config, options.logLevel, signal);
    });
  for (const option of [...serviceOptions(), ...dataOptions()]) verb.addOption(option);
  return verb;
}

async function runService(config: ServiceConfig, logLevel: string, signal: AbortSignal): Promise<void> {
  const { startService } = await import('@boatload/api');
  const starting = startService(config, createLog(logLevel)).catch((error: unknown) => {
    throw adviseStart(error, config);
  });
  const late = failLate(signal);
  const service = await Promise.race([starting, late]);
  if (!signal.aborted) process.stdout.write(describeService(service, config));
  await untilAborted(signal);
  process.stdout.write('Stopping. Containers go on running.\n');
  await Promise.race([service.close(), late]);
}

function describeService({ url, defaultPassword }: RunningService, { dataDir, usersFile }: ServiceConfig): string {
  const login = defaultPassword ? '  Log-in     admin / admin, from this machine only\n' : '';
  const users = usersFile === undefined ? '' : `  Users      ${usersFile}\n`;
  return `BoatLoad is up.
  API        ${url}/v1/container/
  Reference  ${url}/docs
${login}${users}  Data       ${dataDir}
Ctrl-C stops it.
`;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    // What listens on the network keeps the process alive, not this.
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

/** Fails once all has had its time to come to rest since we were told to stop: an Engine may be silent, at the start too. */
async function failLate(signal: AbortSignal): Promise<never> {
  await untilAborted(signal);
  await delay(stopMs);
  throw new BoatLoadError(
    'timed_out',
    `The service did not come to rest within ${stopMs / 1_000} seconds and was cut off. Nothing is lost: the next start goes on where it was.`,
  );
}
