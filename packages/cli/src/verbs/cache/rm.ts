import { BoatLoadError, type CacheEntry } from '@boatload/contract';
import { Command } from 'commander';
import { formatSize } from '../../amounts.ts';
import type { ApiClient } from '../../api-client.ts';
import { findEntries } from './entry-names.ts';
import { failOf, readCaches, removeEntry } from './node-caches.ts';
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
      const { answers, faults } = await readCaches(client, { only: access.node });
      const entries = answers.flatMap((cache) => cache.entries);
      failOf([...(await removeNamed(client, entries, names)), ...faults]);
    });
}

/** Removes what is named, and tells what was in the way: one that is in use must not keep the others from going. */
async function removeNamed(
  client: ApiClient,
  entries: readonly CacheEntry[],
  names: readonly string[],
): Promise<readonly BoatLoadError[]> {
  const faults: BoatLoadError[] = [];
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BoatLoadError)) throw error;
      faults.push(error);
      return undefined;
    }
  };
  const found = (await attempt(() => findEntries(entries, names))) ?? [];
  for (const entry of found) {
    await attempt(async () => {
      await removeEntry(client, entry);
      process.stdout.write(`Removed ${entry.id}, ${formatSize(entry.bytes)}.\n`);
    });
  }
  return faults;
}
