import { Option } from 'commander';
import { defaultDataDir } from '../../default-data-dir.ts';
import { logLevels } from '../../log.ts';
import { readPort } from './read-words.ts';

/** What the options of `serviceOptions` give. */
export interface ServiceOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly dockerHost?: string;
  readonly users?: string;
  readonly logLevel: string;
}

/** Where the service listens, what it keeps where, and who may log in. */
export function serviceOptions(): readonly Option[] {
  return [
    new Option('--host <address>', 'address to listen on').default('127.0.0.1').env('BOATLOAD_HOST'),
    new Option('--port <number>', 'port to listen on; 0 takes a free one')
      .argParser(readPort)
      .default(8000)
      .env('BOATLOAD_PORT'),
    new Option('--data-dir <folder>', 'where everything is kept').default(defaultDataDir()).env('BOATLOAD_DATA_DIR'),
    new Option(
      '--docker-host <address>',
      'the Docker Engine: unix:///path or tcp://host:port (default: the local socket)',
    ).env('DOCKER_HOST'),
    new Option(
      '--users <file>',
      'JSON file of users: a Django fixture of auth.user (default: data/data.json of this folder, if it is there)',
    ).env('BOATLOAD_USERS'),
    new Option('--log-level <level>', 'how much is logged, to standard error')
      .choices(logLevels)
      .default('info')
      .env('BOATLOAD_LOG_LEVEL'),
  ];
}
