import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { SetupFailure } from './failure.mjs';

/**
 * @typedef {object} LoggedCommand
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} log File that gets the command's output, replaced if it exists.
 * @property {string} [cwd]
 * @property {Readonly<Record<string, string>>} [env] Beside the environment of this process.
 */

/**
 * Runs a command with its output going to a log file.
 * @param {LoggedCommand} options
 * @returns {Promise<number>} Its exit code; 127 if it could not be run at all.
 */
export async function runLogged({ command, args, log, cwd, env }) {
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log);
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  const code = await new Promise((resolve) => {
    child.once('close', (exit) => resolve(exit ?? 1));
    child.once('error', (error) => {
      file.write(`${error.message}\n`);
      resolve(127);
    });
  });
  file.end();
  await finished(file);
  return code;
}

/**
 * Runs a command as `runLogged` does and fails with the log's end if it does not succeed.
 * @param {LoggedCommand & { readonly failed: string, readonly next: string }} options
 *   `failed`: the sentence that says what could not be done; `next`: what its reader is to do.
 */
export async function requireSuccess({ failed, next, ...command }) {
  if ((await runLogged(command)) === 0) return;
  throw new SetupFailure(`${failed}\n\n${await readTail(command.log)}\n\n${next}\nThe whole log: ${command.log}`);
}

/**
 * The last lines of a log, indented; empty if there is no log.
 * @param {string} log
 * @param {number} [lines]
 */
export async function readTail(log, lines = 20) {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join('\n');
}
