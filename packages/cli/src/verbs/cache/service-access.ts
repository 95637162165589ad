import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApiClient } from '../../api-client.ts';
import { logIn } from '../../log-in.ts';

/** What the options of `addAccess` give. */
export interface AccessOptions {
  readonly url: string;
  readonly user: string;
  readonly node?: string;
}

/** Adds to a verb the options that say which service and which node it is about. */
export function addAccess(verb: Command): Command {
  return verb
    .addOption(
      new Option('--url <url>', 'where the service is')
        .argParser(readUrl)
        .default('http://127.0.0.1:8000')
        .env('BOATLOAD_URL'),
    )
    .addOption(new Option('--user <name>', 'an admin of the service').default('admin').env('BOATLOAD_USER'))
    .addOption(new Option('--node <name>', 'only this node (default: all nodes)').env('BOATLOAD_NODE'));
}

/** What stands below the options in the help of each verb of `boatload cache`. */
export const accessNotes = `
Environment:
  BOATLOAD_PASSWORD  the password. Without it, it is asked for on a terminal; where there is
                     none, admin/admin is tried, on this machine only.`;

/** A client of the service that the options name, logged in by what this process was given. */
export function openClient({ url, user }: AccessOptions, signal: AbortSignal): Promise<ApiClient> {
  const { env, stdin: input, stderr: prompts } = process;
  return logIn({ url, username: user }, { env, input, prompts, signal });
}

function readUrl(text: string): string {
  const url = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url)) throw new InvalidArgumentError('Write it like http://127.0.0.1:8000.');
  const { username, password } = new URL(url);
  if (username === '' && password === '') return url.replace(/\/+$/, '');
  throw new InvalidArgumentError('The log-in does not belong there: give --user, and BOATLOAD_PASSWORD.');
}
