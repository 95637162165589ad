import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { verbs } from './verbs/index.ts';

/**
 * The `boatload` command with all its verbs.
 * @param signal ends a verb that runs until it is stopped
 */
export function createProgram(signal: AbortSignal): Command {
  const program = new Command('boatload')
    .description('Runs a script on your data in a container, and gives back everything it did.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [verb]', 'show what a verb does and which options it has')
    .showHelpAfterError('Run it with --help to see what it takes.')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  boatload up                     run the service on http://127.0.0.1:8000
  boatload cache ls               see what is kept of fetched data
  boatload hash-password          make a password hash, for ADMINHASH or a users file
  boatload help up                all options of a verb`,
    );
  for (const makeVerb of verbs) program.addCommand(makeVerb(signal));
  handSettingsDown(program);
  return program;
}

/** `addCommand` does not, as `command` does. */
function handSettingsDown(command: Command): void {
  for (const each of command.commands) handSettingsDown(each.copyInheritedSettings(command));
}

function readVersion(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof file === 'object' && file !== null && 'version' in file ? String(file.version) : 'unknown';
}
