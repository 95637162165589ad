import { Command } from 'commander';
import { cacheGcVerb } from './cache/gc.ts';
import { cacheLsVerb } from './cache/ls.ts';
import { cacheRmVerb } from './cache/rm.ts';

/** `boatload cache` */
export function cacheVerb(signal: AbortSignal): Command {
  const verb = new Command('cache')
    .summary('see and clear what nodes keep of fetched data')
    .description(
      'Nodes keep what they fetched and unpacked, so that the next container that wants it starts at once. What was used longest ago goes by itself when the space runs out (see --cache-quota in: boatload help up); these verbs, for admins, ask a running service.',
    )
    .addHelpText(
      'after',
      `
Examples:
  boatload cache ls               what is kept, how large it is, who uses it
  boatload cache rm 3f9a01c2      remove one entry; the beginning of its id is enough
  boatload cache gc --unused-for 7d
                                  remove what nobody has used for a week`,
    );
  for (const makeVerb of [cacheLsVerb, cacheRmVerb, cacheGcVerb]) verb.addCommand(makeVerb(signal));
  return verb;
}
