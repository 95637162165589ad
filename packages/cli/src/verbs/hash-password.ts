import type { PasswordAlgorithm } from '@boatload/api';
import { Command, Option } from 'commander';
import { readPassword } from '../read-password.ts';

/** Named here too, so that help doesn't load the service; the compiler checks them. */
const algorithms: readonly PasswordAlgorithm[] = ['argon2id', 'pbkdf2_sha256'];

/** `boatload hash-password` */
export function hashPasswordVerb(signal: AbortSignal): Command {
  return new Command('hash-password')
    .alias('createpasswordhash')
    .summary('make the hash of a password')
    .description(
      'Asks for a password, twice and unseen, and prints its hash on standard output. Where standard input is not a terminal, its first line is the password.',
    )
    .addOption(
      new Option('--algorithm <name>', 'how to hash; pbkdf2_sha256 is what Django makes')
        .choices(algorithms)
        .default('argon2id'),
    )
    .addHelpText(
      'after',
      `
Examples:
  ADMINHASH="$(boatload hash-password)" boatload up --host 0.0.0.0
        ask for the admin's password, then serve the whole network
  boatload hash-password --algorithm pbkdf2_sha256 < password.txt
        make a hash for a users file

A hash has $ signs in it: on a command line write it in '…'.`,
    )
    .action(async ({ algorithm }: { readonly algorithm: PasswordAlgorithm }) => {
      const password = await readPassword({ input: process.stdin, prompts: process.stderr, signal });
      const { hashPassword } = await import('@boatload/api');
      process.stdout.write(`${await hashPassword(password, { algorithm })}\n`);
    });
}
