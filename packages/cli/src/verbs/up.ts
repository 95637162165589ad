import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningService, ServiceConfig } from '@boatload/api';
import { BoatLoadError } from '@boatload/contract';
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultDataDir } from '../default-data-dir.ts';
import { createLog, logLevels } from '../log.ts';
import { adviseStart } from '../start-advice.ts';

/** How long everything may take to come to rest once we are told to stop. */
const stopMs = 5_000;

interface UpOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly dockerHost?: string;
  readonly fetchAllow: readonly string[];
  readonly users?: string;
  readonly logLevel: string;
}

/** `boatload up` */
export function upVerb(signal: AbortSignal): Command {
  return new Command('up')
    .summary('run the service')
    .description(
      'Runs the service until Ctrl-C or SIGTERM, which leave containers running; the next start finds them again.',
    )
    .addOption(new Option('--host <address>', 'address to listen on').default('127.0.0.1').env('BOATLOAD_HOST'))
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 takes a free one')
        .argParser(parsePort)
        .default(8000)
        .env('BOATLOAD_PORT'),
    )
    .addOption(
      new Option('--data-dir <folder>', 'where everything is kept').default(defaultDataDir()).env('BOATLOAD_DATA_DIR'),
    )
    .addOption(
      new Option(
        '--docker-host <address>',
        'the Docker Engine: unix:///path or tcp://host:port (default: the local socket)',
      ).env('DOCKER_HOST'),
    )
    .addOption(
      new Option(
        '--fetch-allow <cidr>',
        'addresses that script and data URLs may lead to although they are denied (loopback, link-local); repeatable',
      )
        .argParser(collectBlocks)
        .default([], 'none')
        .env('BOATLOAD_FETCH_ALLOW'),
    )
    .addOption(
      new Option(
        '--users <file>',
        'JSON file of users: a Django fixture of auth.user (default: data/data.json of this folder, if it is there)',
      ).env('BOATLOAD_USERS'),
    )
    .addOption(
      new Option('--log-level <level>', 'how much is logged, to standard error')
        .choices(logLevels)
        .default('info')
        .env('BOATLOAD_LOG_LEVEL'),
    )
    .addHelpText('after', upNotes)
    .action((options: UpOptions) => runService(options, signal));
}

const upNotes = `
Environment:
  ADMINHASH        hash of the password of the user admin (see: boatload help hash-password).
                   Without it and without --users the log-in is admin/admin, and only
                   loopback addresses are listened on.
  BOATLOAD_…       as noted at each option; an option on the command line goes before it.

Examples:
  boatload up
        on http://127.0.0.1:8000, with this machine's Docker Engine
  ADMINHASH="$(boatload hash-password)" boatload up --host 0.0.0.0
        for the whole network, with a password
  boatload up --users data/data.json --fetch-allow 127.0.0.0/8
        with the users of a file, and data URLs that lead to this machine`;

async function runService(options: UpOptions, signal: AbortSignal): Promise<void> {
  const { startService, defaultLimits } = await import('@boatload/api');
  const { host, port, dockerHost, fetchAllow, users, logLevel } = options;
  const adminHash = process.env.ADMINHASH;
  const config: ServiceConfig = {
    host,
    port,
    dataDir: resolve(options.dataDir),
    fetchAllow,
    limits: defaultLimits,
    ...(dockerHost ? { dockerHost } : {}),
    ...findUsers(users),
    ...(adminHash ? { adminHash } : {}),
  };
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

/** The users file that is named, or the one where the predecessor kept it. */
function findUsers(named: string | undefined): Pick<ServiceConfig, 'usersFile'> {
  const inherited = resolve('data', 'data.json');
  if (named) return { usersFile: resolve(named) };
  return existsSync(inherited) ? { usersFile: inherited } : {};
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

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

function collectBlocks(text: string, before: readonly string[]): readonly string[] {
  const blocks = text.split(',').map((block) => block.trim());
  const wrong = blocks.find((block) => !isBlock(block));
  if (wrong === undefined) return [...before, ...blocks];
  throw new InvalidArgumentError(`"${wrong}" is no address block: write it like 127.0.0.0/8 or fd00::/8.`);
}

function isBlock(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  const family = isIP(address);
  return family !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}
