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
    [
      'a rule that is none',
      ['up', '--fetch-allow', '10.0.0.0/8,::/129'],
      /--fetch-allow <rule>.*«::\/129» is not a rule/,
    ],
    ['another rule that is none', ['up', '--fetch-deny', 'http://x/'], /--fetch-deny <rule>.*«http:\/\/x\/»/],
    ['a proxy that is none', ['up', '--fetch-proxy', 'socks5://x'], /--fetch-proxy.* like http:/],
    ['a folder that is missing', ['up', '--fetch-files', '/no/such'], /--fetch-files.*no folder \/no\/such/],
    ['a bucket that is none', ['up', '--fetch-s3', 'a b'], /--fetch-s3.*"a b" is no bucket/],
    ['a quota that is none', ['up', '--cache-quota', '50 loaves'], /--cache-quota.* like 200g/],
    ['a quota of too much', ['up', '--cache-quota', '101%'], /--cache-quota.* at most 100%/],
    ['a proxy for containers that is none', ['up', '--data-proxy', 'http://x/y'], /--data-proxy.* like http:/],
    ['neither yes nor no', ['up', '--data-proxy-default', 'maybe'], /--data-proxy-default.* yes or no/],
    ['no verb of the cache', ['cache'], /Usage: boatload cache/],
    ['an unknown verb of the cache', ['cache', 'sl'], /unknown command 'sl'\n\(Did you mean ls\?\)/],
    ['no entry to remove', ['cache', 'rm'], /missing required argument 'id'/],
    ['a time that is none', ['cache', 'gc', '--unused-for', 'ever'], /--unused-for.* 7d/],
    ['a service that is no URL', ['cache', 'ls', '--url', 'http://'], /--url.* like http:/],
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
    [['help', 'cache'], /boatload cache gc --unused-for 7d/],
    [['cache', 'ls', '--help'], /BOATLOAD_PASSWORD/],
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
