import type { CacheEntry } from '@boatload/contract';
import { Command, InvalidArgumentError, Option } from 'commander';
import { formatSize, parseDuration } from '../../amounts.ts';
import { collectCaches, failOf } from './node-caches.ts';
import { countEntries } from './render-caches.ts';
import { type AccessOptions, accessNotes, addAccess, openClient } from './service-access.ts';

interface GcOptions extends AccessOptions {
  /** Seconds. */
  readonly unusedFor: number;
}

/** `boatload cache gc` */
export function cacheGcVerb(signal: AbortSignal): Command {
  return addAccess(new Command('gc'))
    .summary('remove everything that is not in use')
    .description('Removes all entries that no container uses. Nothing is lost: what is wanted again is fetched again.')
    .addOption(
      new Option('--unused-for <time>', 'only what no container has used for so long, like 12h or 7d')
        .argParser(readDuration)
        .default(0, 'whatever is not in use now'),
    )
    .addHelpText('after', accessNotes)
    .action(async ({ unusedFor: unusedForSeconds, ...access }: GcOptions) => {
      const client = await openClient(access, signal);
      const { answers, faults } = await collectCaches(client, { only: access.node, unusedForSeconds });
      process.stdout.write(describeRemoved(answers.flatMap(({ removed }) => removed)));
      failOf(faults);
    });
}

function describeRemoved(removed: readonly CacheEntry[]): string {
  if (removed.length === 0) return 'There was nothing to remove.\n';
  const lines = removed.map(({ id, bytes }) => `Removed ${id}, ${formatSize(bytes)}.`);
  const freed = removed.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${lines.join('\n')}\n${countEntries(removed.length)} removed, ${formatSize(freed)} freed.\n`;
}

function readDuration(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('Write it like 90s, 15m, 12h, 7d or 2w.');
}
