import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { BoatLoadError } from '@boatload/contract';

export interface PasswordSource {
  readonly input: ReadStream;
  /** Where questions are asked. */
  readonly prompts: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/** Longer input is not a password but the wrong file. */
const maxCharacters = 4_096;

/**
 * Reads a new password: from a terminal, asked for twice and not shown; else the first line of the input.
 * @throws invalid_field when it is empty, too long, or was not typed twice the same
 */
export async function readPassword(source: PasswordSource): Promise<string> {
  const password = source.input.isTTY ? await askTwice(source) : await readLine(source);
  if (password === '') throw refuse('The password is empty: type one, or pipe one in as a line.');
  if (password.length > maxCharacters) throw refuse(`The password is longer than ${maxCharacters} characters.`);
  return password;
}

/**
 * Asks on a terminal for a password that there is already, once and not shown.
 * @throws invalid_field when it is empty, or was broken off
 */
export async function askPassword(question: string, source: PasswordSource): Promise<string> {
  const password = await askUnseen(source, (ask) => ask(question));
  if (password === '') throw refuse('The password is empty: type one, or set BOATLOAD_PASSWORD.');
  return password;
}

function askTwice(source: PasswordSource): Promise<string> {
  return askUnseen(source, async (ask) => {
    const first = await ask('Password: ');
    if (first === '' || (await ask('Password again: ')) === first) return first;
    throw refuse('The two passwords differ: start again.');
  });
}

type Ask = (question: string) => Promise<string>;

/** Lets questions be asked whose answers the terminal does not show. */
async function askUnseen(
  { input, prompts, signal }: PasswordSource,
  talk: (ask: Ask) => Promise<string>,
): Promise<string> {
  // The terminal echoes through readline's output, so this one swallows it; one interface for all questions,
  // because between two the terminal would show what is typed.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  try {
    return await talk(async (question) => {
      prompts.write(question);
      try {
        return await answerOf(lines, signal);
      } finally {
        prompts.write('\n');
      }
    });
  } finally {
    lines.close();
  }
}

/** The next line; Ctrl-C and Ctrl-D, which readline takes for itself in raw mode, break it off. */
async function answerOf(lines: Interface, signal: AbortSignal): Promise<string> {
  const broken = new AbortController();
  const breakOff = () => broken.abort();
  lines.once('SIGINT', breakOff).once('close', breakOff);
  try {
    return await lines.question('', { signal: AbortSignal.any([signal, broken.signal]) });
  } catch (cause) {
    throw new BoatLoadError('invalid_field', 'No password was given.', { field: 'password', cause });
  }
}

async function readLine({ input, signal }: PasswordSource): Promise<string> {
  let text = '';
  input.setEncoding('utf8');
  signal.addEventListener('abort', () => input.destroy(), { once: true });
  for await (const chunk of input) {
    text += String(chunk);
    if (text.includes('\n') || text.length > maxCharacters) break;
  }
  return text.split('\n', 1)[0]?.replace(/\r$/, '') ?? '';
}

function refuse(message: string): BoatLoadError {
  return new BoatLoadError('invalid_field', message, { field: 'password' });
}
