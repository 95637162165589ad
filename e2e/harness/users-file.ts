import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A user who is not an admin. */
export const plainUser = { username: 'nora', password: 'not the admin' } as const;

/** Writes a Django fixture with `plainUser` for the service's option --users. */
export function writeUsersFile(): { readonly file: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'boatload-users-'));
  const file = join(folder, 'data.json');
  const fields = { username: plainUser.username, password: hash(plainUser.password), is_superuser: false };
  writeFileSync(file, JSON.stringify([{ model: 'auth.user', pk: 7, fields }]));
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** As Django hashes a password, with few rounds: the tests wait for it. */
function hash(password: string): string {
  const salt = randomBytes(8).toString('hex');
  return `pbkdf2_sha256$1000$${salt}$${pbkdf2Sync(password, salt, 1_000, 32, 'sha256').toString('base64')}`;
}
