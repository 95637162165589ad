import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const program = fileURLToPath(new URL('../bin/boatload.js', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command with `input` on its standard input, until it ends. */
export async function runBoatload(words: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { env: { PATH: process.env.PATH ?? '' } });
  child.stdin.on('error', () => undefined).end(input);
  return collect(child);
}

/** Runs the built command on a terminal, answering each of its questions in turn; both outputs are in `stdout`. */
export async function runOnTerminal(words: readonly string[], answers: readonly string[]): Promise<Ended> {
  const command = [process.execPath, program, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null']);
  const left = [...answers];
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString('utf8');
    if (!/Password(?: again)?: $/.test(seen)) return;
    seen = '';
    child.stdin.write(left.shift() ?? '\u0003');
  });
  return collect(child);
}

async function collect(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code: Number(code), ...output };
}
