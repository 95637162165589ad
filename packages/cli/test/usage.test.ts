import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { program, runBoatload } from './run-boatload.ts';

describe('the command line', () => {
  it.each([
    ['no verb', [], /Usage: boatload/],
    ['an unknown verb', ['upp'], /unknown command 'upp'\n\(Did you mean up\?\)/],
    ['an unknown option', ['up', '--prot', '1'], /unknown option '--prot'\n\(Did you mean --port\?\)/],
    ['a word too many', ['up', 'now'], /too many arguments/],
    ['a port that is no number', ['up', '--port', 'http'], /--port.* a number from 0 to 65535/],
    ['a port that is too high', ['up', '--port', '65536'], /--port.* a number from 0 to 65535/],
    ['an address without its length', ['up', '--fetch-allow', '10.0.0.1'], /write it like 127\.0\.0\.0\/8/],
    [
      'an address block that is too long',
      ['up', '--fetch-allow', '10.0.0.0/8,::/129'],
      /"::\/129" is no address block/,
    ],
    ['an unknown log level', ['up', '--log-level', 'loud'], /Allowed choices are fatal/],
    ['an unknown algorithm', ['hash-password', '--algorithm', 'md5'], /argon2id, pbkdf2_sha256/],
  ])('with %s ends with code 2 and says what is wrong', async (_what, words, sentence) => {
    const { code, stdout, stderr } = await runBoatload(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['--help'], /hash-password\|createpasswordhash/],
    [['help', 'up'], /Examples:\n {2}boatload up\n/],
    [['up', '--help'], /ADMINHASH/],
    [['hash-password', '--help'], /--algorithm/],
  ])('%j ends with code 0 and answers on standard output', async (words, text) => {
    const { code, stdout, stderr } = await runBoatload(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(text);
  });

  it('says what to run when it was not built', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boatload-unbuilt-'));
    try {
      const copy = join(folder, 'boatload.mjs');
      await copyFile(program, copy);
      const failure: unknown = await promisify(execFile)(process.execPath, [copy]).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining('npm run setup') });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
