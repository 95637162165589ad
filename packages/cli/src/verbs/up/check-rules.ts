import { BoatLoadError } from '@boatload/contract';
import type { Command } from 'commander';

const options = [
  { name: 'fetchAllow', flags: '--fetch-allow <rule>', variable: 'BOATLOAD_FETCH_ALLOW' },
  { name: 'fetchDeny', flags: '--fetch-deny <rule>', variable: 'BOATLOAD_FETCH_DENY' },
] as const;

/**
 * Refuses rules that cannot be read, as the parser of the command line refuses other values; it cannot do it itself,
 * because the service, which knows what a rule is, is not loaded to show help.
 * @param parse throws where a rule cannot be read
 */
export function checkRules(verb: Command, parse: (rule: string) => unknown): void {
  for (const { name, flags, variable } of options) {
    const rules: readonly string[] = verb.getOptionValue(name);
    for (const rule of rules) {
      const fault = faultOf(rule, parse);
      if (fault === undefined) continue;
      const where = verb.getOptionValueSource(name) === 'env' ? ` value from env '${variable}'` : ' argument';
      verb.error(`error: option '${flags}'${where} is invalid. ${fault}`);
    }
  }
}

function faultOf(rule: string, parse: (rule: string) => unknown): string | undefined {
  try {
    parse(rule);
    return undefined;
  } catch (error) {
    if (error instanceof BoatLoadError) return error.message;
    throw error;
  }
}
