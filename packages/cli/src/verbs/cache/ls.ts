import { Command } from 'commander';
import { failOf, readCaches } from './node-caches.ts';
import { renderCaches } from './render-caches.ts';
import { type AccessOptions, accessNotes, addAccess, openClient } from './service-access.ts';

/** `boatload cache ls` */
export function cacheLsVerb(signal: AbortSignal): Command {
  return addAccess(new Command('ls'))
    .alias('list')
    .summary('list what is kept')
    .description('Lists what the nodes keep, the last used first, with what it takes on the disk and who uses it.')
    .option('--json', 'print it as the API answers it: a JSON array')
    .addHelpText('after', accessNotes)
    .action(async ({ json = false, ...access }: AccessOptions & { readonly json?: boolean }) => {
      const { answers, faults } = await readCaches(await openClient(access, signal), { only: access.node });
      const entries = answers.flatMap((cache) => cache.entries);
      process.stdout.write(json ? `${JSON.stringify(entries, undefined, 2)}\n` : renderCaches(answers, new Date()));
      failOf(faults);
    });
}
