import { describe, expect, it } from 'vitest';
import { hashPassword, isPasswordHash, passwordAlgorithms, verifyPassword } from '../../src/auth/password-hash.ts';

/** Made by Django 3.2 and 4.2, and by the argon2 reference program. */
const foreign = [
  ['lètmein', 'pbkdf2_sha256$260000$seasalt$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo='],
  ['secret', 'argon2$argon2id$v=19$m=102400,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw'],
  ['password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
] as const;

const unknown = [
  ['plain text', 'admin'],
  ['nothing', ''],
  ['MD5', 'md5$salt$0cc175b9c0f1b6a831c399e269772661'],
  ['SHA-1 by PBKDF2', 'pbkdf2_sha1$1000$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['pbkdf2_sha256 whose $ a shell has eaten', 'pbkdf2_sha256'],
  ['pbkdf2_sha256 with a short key', 'pbkdf2_sha256$1000$salt$AAAA'],
  ['pbkdf2_sha256 without salt', 'pbkdf2_sha256$1000$$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo='],
  ['pbkdf2_sha256 that takes minutes', 'pbkdf2_sha256$999999999$s$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo='],
  ['argon2id cut short', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ'],
  [
    'argon2id that takes all memory',
    '$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ],
] as const;

describe('a password hash', () => {
  it.each(foreign)('of %s, made elsewhere, fits its password and no other', async (password, encoded) => {
    expect(await verifyPassword(password, encoded)).toBe(true);
    expect(await verifyPassword(`${password} `, encoded)).toBe(false);
    expect(await verifyPassword('', encoded)).toBe(false);
  });

  it.each(passwordAlgorithms)('of ours by %s fits its password and no other, and is salted', async (algorithm) => {
    const encoded = await hashPassword('pässword', { algorithm });
    expect(encoded).not.toContain('pässword');
    expect(encoded).not.toBe(await hashPassword('pässword', { algorithm }));
    expect(await verifyPassword('pässword', encoded)).toBe(true);
    expect(await verifyPassword('passwörd', encoded)).toBe(false);
  });

  it('is argon2id unless asked otherwise', async () => {
    expect(await hashPassword('x')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await hashPassword('x', { algorithm: 'pbkdf2_sha256' })).toMatch(/^pbkdf2_sha256\$600000\$[0-9a-f]{32}\$/);
  });

  it('that Django marks as unusable fits nothing', async () => {
    expect(isPasswordHash('!abc')).toBe(true);
    expect(await verifyPassword('abc', '!abc')).toBe(false);
  });

  it.each(unknown)('of an unknown form is refused: %s', async (_what, encoded) => {
    expect(isPasswordHash(encoded)).toBe(false);
    await expect(verifyPassword('admin', encoded)).rejects.toMatchObject({ code: 'bad_configuration' });
  });
});
