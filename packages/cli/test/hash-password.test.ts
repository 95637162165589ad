import { pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runBoatload, runOnTerminal } from './run-boatload.ts';

/** Whether a hash in Django's format is the one of a password. */
function fits(password: string, encoded: string): boolean {
  const [, iterations, salt = '', key] = encoded.trim().split('$');
  return pbkdf2Sync(password, salt, Number(iterations), 32, 'sha256').toString('base64') === key;
}

const django = ['hash-password', '--algorithm', 'pbkdf2_sha256'];

describe('boatload hash-password', () => {
  it.each(['hash-password', 'createpasswordhash'])(
    'as %s prints a hash by argon2id, and nothing else',
    async (verb) => {
      const { code, stdout, stderr } = await runBoatload([verb], { input: 'open sesame\n' });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^\$argon2id\$v=19\$\S+\n$/);
    },
  );

  it.each([
    ['a line', 'open sesame\n'],
    ['a line without an end', 'open sesame'],
    ['a line as Windows ends it', 'open sesame\r\n'],
    ['the first line of several', 'open sesame\nsecond\n'],
  ])("takes %s as it is, and makes Django's format", async (_what, input) => {
    const { code, stdout } = await runBoatload(django, { input });
    expect(code).toBe(0);
    expect(fits('open sesame', stdout)).toBe(true);
  });

  it.each([
    ['nothing', '', /The password is empty/],
    ['an empty line', '\n', /The password is empty/],
    ['the wrong file', 'x'.repeat(100_000), /longer than 4096 characters/],
  ])('refuses %s', async (_what, input, sentence) => {
    const { code, stdout, stderr } = await runBoatload(['hash-password'], { input });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('asks twice on a terminal, and shows nothing of what is typed', async () => {
    const { code, stdout } = await runOnTerminal(django, ['open sesame\r', 'open sesame\r']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Password: \r\nPassword again: \r\npbkdf2_sha256\$/);
    expect(stdout).not.toContain('sesame');
    expect(fits('open sesame', stdout.slice(stdout.indexOf('pbkdf2')))).toBe(true);
  });

  it.each([
    ['two that differ', ['one\r', 'two\r'], 'The two passwords differ'],
    ['an empty one', ['\r'], 'The password is empty'],
    ['Ctrl-C', ['half\u0003'], 'No password was given'],
    ['Ctrl-D', ['\u0004'], 'No password was given'],
  ])('on a terminal ends without a hash after %s', async (_what, answers, sentence) => {
    const { code, stdout } = await runOnTerminal(['hash-password'], answers);
    expect(code).toBe(1);
    expect(stdout).toContain(sentence);
    expect(stdout).not.toContain('$argon2');
  });
});
