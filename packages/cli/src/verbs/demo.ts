import { Command, Option } from 'commander';
import { defaultDataDir } from '../default-data-dir.ts';

interface DemoVerbOptions {
  readonly exit?: boolean;
  readonly dataDir: string;
  readonly dockerHost?: string;
}

/** `boatload demo` */
export function demoVerb(signal: AbortSignal): Command {
  return new Command('demo')
    .summary('show the main job on an example')
    .description(
      'Runs the service on 127.0.0.1:8000 or the next free port, submits a script with a zip of data and shows everything that comes back, each step with the curl command that does the same. Stays up until Ctrl-C, then removes all that it made.',
    )
    .addOption(new Option('--exit', 'end after the example instead of staying up'))
    .addOption(
      new Option('--data-dir <folder>', 'where its state is kept as long as it runs')
        .default(defaultDataDir())
        .env('BOATLOAD_DATA_DIR'),
    )
    .addOption(
      new Option('--docker-host <address>', 'the Docker Engine (default: the local socket)').env('DOCKER_HOST'),
    )
    .action(async ({ exit = false, dataDir, dockerHost }: DemoVerbOptions) => {
      const { runDemo } = await import('../demo/run-demo.ts');
      const engine = dockerHost ? { dockerHost } : {};
      await runDemo({ dataDir, exit, signal, out: process.stdout, ...engine });
    });
}
