import { BoatLoadError, type CacheEntry } from '@boatload/contract';
import { Command } from 'commander';
import { formatSize } from '../../amounts.ts';
import type { ApiClient } from '../../api-client.ts';
import { findEntries } from './entry-names.ts';
import { readCaches, removeEntry } from './node-caches.ts';
import { type AccessOptions, accessNotes, addAccess, openClient } from './service-access.ts';

/** `boatload cache rm` */
export function cacheRmVerb(signal: AbortSignal): Command {
  return addAccess(new Command('rm'))
    .alias('remove')
    .summary('remove entries')
    .description('Removes entries that no container uses; the next container that wants them has them fetched again.')
    .argument('<id...>', 'ids of entries, or beginnings of them that no other id has')
    .addHelpText('after', accessNotes)
    .action(async (names: readonly string[], access: AccessOptions) => {
      const client = await openClient(access, signal);
      const caches = await readCaches(client, access.node);
      const found = findEntries(
        caches.flatMap(({ entries }) => entries),
        names,
      );
      await removeAll(client, found);
    });
}

/** One that is in use must not keep the others from going; it is told of in the end. */
async function removeAll(client: ApiClient, entries: readonly CacheEntry[]): Promise<void> {
  const faults: BoatLoadError[] = [];
  for (const entry of entries) {
    try {
      await removeEntry(client, entry);
      process.stdout.write(`Removed ${entry.id}, ${formatSize(entry.bytes)}.\n`);
    } catch (error) {
      if (!(error instanceof BoatLoadError)) throw error;
      faults.push(error);
    }
  }
  const [first] = faults;
  if (first === undefined) return;
  throw new BoatLoadError(first.code, faults.map(({ message }) => message).join('\n'), { cause: first });
}
