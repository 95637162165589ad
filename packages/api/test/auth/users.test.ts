import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/auth/password-hash.ts';
import { loadUsers } from '../../src/auth/users.ts';

let folder: string;
let hash: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boatload-users-'));
  hash = await hashPassword('secret');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function write(content: unknown): Promise<string> {
  files += 1;
  const file = join(folder, `users-${files}.json`);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const entry = (pk: number, username: string, fields: object = {}) => ({
  model: 'auth.user',
  pk,
  fields: { username, password: hash, ...fields },
});

describe('users', () => {
  it('are admin with the password admin where nothing else is said', async () => {
    const users = await loadUsers({});
    expect(users.defaultPassword).toBe(true);
    const admin = await users.authenticate('admin', 'admin');
    expect(admin?.principal).toEqual({ id: 1, username: 'admin', admin: true });
    expect(await users.authenticate('admin', 'wrong')).toBeUndefined();
  });

  it('have the admin whose hash is given, and no default password any more', async () => {
    const users = await loadUsers({ adminHash: hash });
    expect(users.defaultPassword).toBe(false);
    expect((await users.authenticate('admin', 'secret'))?.principal.admin).toBe(true);
    expect(await users.authenticate('admin', 'admin')).toBeUndefined();
  });

  it('are still on the default password if the hash that is given is of "admin"', async () => {
    expect((await loadUsers({ adminHash: await hashPassword('admin') })).defaultPassword).toBe(true);
    const usersFile = await write([entry(1, 'admin', { password: await hashPassword('admin'), is_superuser: true })]);
    expect((await loadUsers({ usersFile })).defaultPassword).toBe(true);
  });

  it('come from a Django fixture, whose superuser takes the place of the default admin', async () => {
    const usersFile = await write([
      { model: 'auth.group', pk: 1, fields: { name: 'crew' } },
      entry(4, 'root', { is_superuser: true, email: 'root@example.org' }),
      entry(5, 'ada', { is_staff: true, date_joined: '2015-01-01T00:00:00Z' }),
    ]);
    const users = await loadUsers({ usersFile });
    expect(users.defaultPassword).toBe(false);
    expect((await users.authenticate('root', 'secret'))?.principal).toEqual({ id: 4, username: 'root', admin: true });
    expect((await users.authenticate('ada', 'secret'))?.principal).toEqual({ id: 5, username: 'ada', admin: false });
    expect(users.byId(4)?.email).toBe('root@example.org');
    expect(await users.authenticate('admin', 'admin')).toBeUndefined();
  });

  it('have the default admin beside a file without one, under a number of its own', async () => {
    const users = await loadUsers({ usersFile: await write([entry(1, 'ada'), entry(9, 'bob')]) });
    expect(users.defaultPassword).toBe(true);
    expect((await users.authenticate('admin', 'admin'))?.principal.id).toBe(10);
  });

  it("have the file's admin with the password of ADMINHASH where both are given", async () => {
    const usersFile = await write([entry(3, 'admin', { is_superuser: true, password: await hashPassword('old') })]);
    const users = await loadUsers({ usersFile, adminHash: hash });
    expect((await users.authenticate('admin', 'secret'))?.principal.id).toBe(3);
    expect(await users.authenticate('admin', 'old')).toBeUndefined();
  });

  it('who are inactive, or whom Django gave no password, cannot log in', async () => {
    const usersFile = await write([
      entry(1, 'root', { is_superuser: true }),
      entry(2, 'gone', { is_active: false }),
      entry(3, 'robot', { password: '!unusable' }),
      entry(4, 'ancient', { is_active: false, password: 'md5$salt$x' }),
    ]);
    const users = await loadUsers({ usersFile });
    for (const name of ['gone', 'robot', 'ancient']) expect(await users.authenticate(name, 'secret')).toBeUndefined();
    expect(users.byId(2)?.active).toBe(false);
  });

  it('take as long to be refused when their name is unknown', async () => {
    const users = await loadUsers({ adminHash: await hashPassword('x', { algorithm: 'pbkdf2_sha256' }) });
    const known = await fastest(() => users.authenticate('admin', 'wrong'));
    const unknown = await fastest(() => users.authenticate('nobody', 'wrong'));
    expect(unknown).toBeGreaterThan(known / 2);
    expect(unknown).toBeLessThan(known * 2);
  });
});

describe('a users file that is wrong', () => {
  const bad: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['is not JSON', () => '[\n  {"model": "auth.user",\n   "pk": x}\n]', /line 3, column 10/],
    ['ends too early', () => '[\n{"model"', /line 2, column 9/],
    ['has a comma too many', () => '[{"model": "a.b"},\n]', /line 2, column 1/],
    ['is not an array', () => ({ users: [] }), /the top/],
    ['has an entry that is no object', () => [entry(1, 'a'), 5], /\[1\]/],
    ['has no pk', () => [{ model: 'auth.user', fields: { username: 'a', password: hash } }], /\[0\].*pk/],
    ['has a name that is no text', () => [entry(1, 'a'), entry(2, 'b', { username: 5 })], /\[1\]\.fields\.username/],
    ['has an unknown hash', () => [entry(1, 'ada', { password: 'md5$a$b' })], /fields\.password.*"ada"/],
    ['has a name twice', () => [entry(1, 'ada'), entry(2, 'ada')], /"ada": stands there twice/],
    ['has a pk twice', () => [entry(1, 'ada'), entry(1, 'bob')], /"bob": has the pk 1/],
  ];

  it.each(bad)('%s: the error names file and place', async (_what, content, place) => {
    const usersFile = await write(content());
    const error = await loadUsers({ usersFile }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'bad_configuration', message: expect.stringContaining(usersFile) });
    expect(error).toMatchObject({ message: expect.stringMatching(place) });
  });

  it('is missing: the error says so', async () => {
    const usersFile = join(folder, 'nowhere.json');
    const error = await loadUsers({ usersFile }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'bad_configuration', message: expect.stringContaining('ENOENT') });
  });

  it('never has a hash of its told', async () => {
    const usersFile = await write(`[{"model": "auth.user", "pk": 1, "fields": {"password": "${hash}" x}}]`);
    const error = await loadUsers({ usersFile }).catch((reason: unknown) => reason);
    expect(String(error)).not.toContain(hash.slice(-8));
  });

  it('is not the only source: a bad ADMINHASH is told with its user', async () => {
    const message = expect.stringMatching(/ADMINHASH.*"admin"/);
    await expect(loadUsers({ adminHash: 'admin' })).rejects.toMatchObject({ code: 'bad_configuration', message });
  });
});

/** The fastest of several runs: what the machine does beside makes runs slower, never faster. */
async function fastest(run: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 5; turn += 1) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
