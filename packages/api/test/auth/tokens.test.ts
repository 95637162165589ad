import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenKey } from '../../src/auth/token-key.ts';
import { Tokens } from '../../src/auth/tokens.ts';
import { loadUsers, type User, Users } from '../../src/auth/users.ts';

const hour = 3_600;
let folder: string;
let users: Users;
let admin: User;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boatload-tokens-'));
  users = await loadUsers({});
  const found = users.byId(1);
  if (found === undefined) throw new Error('no admin');
  admin = found;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Tokens whose clock a test turns. */
function makeTokens(known: Users = users, key: Uint8Array = Buffer.alloc(32, 1)) {
  const clock = { now: Date.parse('2026-03-01T12:00:00Z') };
  const tokens = new Tokens({ key, users: known, now: () => new Date(clock.now) });
  const pass = (seconds: number) => {
    clock.now += seconds * 1_000;
  };
  return { tokens, pass };
}

describe('a token', () => {
  it("has djangorestframework-jwt's header and payload", async () => {
    const token = await makeTokens().tokens.issue(admin);
    const at = Date.parse('2026-03-01T12:00:00Z') / 1_000;
    expect(decodeProtectedHeader(token)).toEqual({ typ: 'JWT', alg: 'HS256' });
    expect(decodeJwt(token)).toEqual({ user_id: 1, username: 'admin', exp: at + hour, email: '', orig_iat: at });
  });

  it('says whose it is for an hour', async () => {
    const { tokens, pass } = makeTokens();
    const token = await tokens.issue(admin);
    expect(await tokens.verify(token)).toEqual({ id: 1, username: 'admin', admin: true });
    pass(hour - 1);
    expect(await tokens.verify(token)).toEqual({ id: 1, username: 'admin', admin: true });
    pass(1);
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'expired_token' });
  });

  it('can be refreshed for seven days, and remembers the log-in', async () => {
    const { tokens, pass } = makeTokens();
    let token = await tokens.issue(admin);
    const { orig_iat: loggedIn } = decodeJwt(token);
    for (let passed = 0; passed < 7 * 24 * hour; passed += hour / 2) {
      pass(hour / 2);
      token = await tokens.refresh(token);
    }
    expect(decodeJwt(token)).toMatchObject({ orig_iat: loggedIn });
    pass(1);
    expect(await tokens.verify(token)).toMatchObject({ id: 1 });
    await expect(tokens.refresh(token)).rejects.toMatchObject({
      code: 'token_rejected',
      message: 'Refresh has expired.',
    });
  });

  it('that has expired cannot be refreshed', async () => {
    const { tokens, pass } = makeTokens();
    const token = await tokens.issue(admin);
    pass(hour);
    await expect(tokens.refresh(token)).rejects.toMatchObject({ message: 'Signature has expired.' });
  });

  it('is worth nothing under another key', async () => {
    const token = await makeTokens().tokens.issue(admin);
    const other = makeTokens(users, Buffer.alloc(32, 2)).tokens;
    await expect(other.verify(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  it('ends with its user: unknown, inactive, or another one under the same number', async () => {
    const token = await makeTokens().tokens.issue(admin);
    const record = { id: 1, username: 'admin', email: '', passwordHash: '!', admin: true, active: true };
    const rows = [
      [[], 'Invalid signature.'],
      [[{ ...record, active: false }], 'User account is disabled.'],
      [[{ ...record, username: 'eve' }], 'Invalid signature.'],
    ] as const;
    for (const [records, message] of rows) {
      const { tokens } = makeTokens(new Users(records, false));
      await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'invalid_token', message });
    }
  });
});

describe('the key of tokens', () => {
  it('is made once, of 32 bytes, for its owner only', async () => {
    const dataDir = join(folder, 'new', 'deep');
    const key = await loadTokenKey(dataDir);
    expect(key).toHaveLength(32);
    expect(await loadTokenKey(dataDir)).toEqual(key);
    expect((await stat(join(dataDir, 'jwt.key'))).mode & 0o777).toBe(0o600);
    expect(await loadTokenKey(join(folder, 'other'))).not.toEqual(key);
  });

  it('is one key, though many ask for it at once', async () => {
    const dataDir = join(folder, 'race');
    const keys = await Promise.all(Array.from({ length: 20 }, () => loadTokenKey(dataDir)));
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['jwt.key']);
  });

  it('that is damaged, or cannot be written, is told with its file', async () => {
    await writeFile(join(folder, 'jwt.key'), 'short');
    const damaged = { code: 'bad_configuration', message: expect.stringContaining(join(folder, 'jwt.key')) };
    await expect(loadTokenKey(folder)).rejects.toMatchObject(damaged);
    const notAFolder = join(folder, 'jwt.key');
    const message = expect.stringContaining(join(notAFolder, 'jwt.key'));
    await expect(loadTokenKey(notAFolder)).rejects.toMatchObject({ code: 'bad_configuration', message });
  });
});
