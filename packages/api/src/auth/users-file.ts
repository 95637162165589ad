import { readFile } from 'node:fs/promises';
import { BoatLoadError } from '@boatload/contract';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { hashAdvice, isPasswordHash } from './password-hash.ts';

const Entry = Type.Object({ model: Type.String() });

/** What we read of Django's `auth.user`; the rest of its fields may be there and is ignored. */
const UserEntry = Type.Object({
  pk: Type.Integer({ minimum: 1 }),
  fields: Type.Object({
    username: Type.String({ minLength: 1, maxLength: 150 }),
    password: Type.String(),
    email: Type.Optional(Type.String()),
    is_active: Type.Optional(Type.Boolean()),
    is_superuser: Type.Optional(Type.Boolean()),
  }),
});

/** A user as a users file has them. */
export interface UserRecord {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly admin: boolean;
  readonly active: boolean;
}

/**
 * Reads users from a Django fixture: a JSON array in which entries of other models are ignored. As in Django,
 * `is_active` is true and `is_superuser` false unless the entry says otherwise; superusers are admins.
 * @throws bad_configuration with the file and the place in it
 */
export async function readUsersFile(file: string): Promise<readonly UserRecord[]> {
  const entries = parseEntries(await readText(file), file);
  const users = entries.flatMap((entry, index) => {
    if (!Value.Check(Entry, entry)) throw faultAt(file, `[${index}]`, 'is not an object with a "model"');
    return entry.model.toLowerCase() === 'auth.user' ? [readEntry(entry, file, index)] : [];
  });
  refuseTwins(users, file);
  return users;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new BoatLoadError(
      'bad_configuration',
      `The users file ${file} cannot be read (${cause instanceof Error && 'code' in cause ? cause.code : cause}): correct the path or the file's permissions.`,
      { cause },
    );
  }
}

function parseEntries(text: string, file: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    // The parser's own sentence quotes what stands there, which may be a password hash: only the place is told.
    throw faultAt(file, describePlace(text, String(cause)), 'the JSON is broken there', cause);
  }
  if (!Array.isArray(value)) throw faultAt(file, 'the top', 'is not an array of {"model": "auth.user", …} entries');
  return value;
}

function readEntry(entry: unknown, file: string, index: number): UserRecord {
  if (!Value.Check(UserEntry, entry)) throw describeMismatch(entry, file, index);
  const { pk, fields } = entry satisfies Static<typeof UserEntry>;
  const active = fields.is_active ?? true;
  // Whoever cannot log in needs no hash that we understand.
  if (active && !isPasswordHash(fields.password)) {
    throw faultAt(
      file,
      `[${index}].fields.password`,
      `the hash of user "${fields.username}" has an unknown form. ${hashAdvice}`,
    );
  }
  return {
    id: pk,
    username: fields.username.normalize('NFKC'),
    email: fields.email ?? '',
    passwordHash: fields.password,
    admin: fields.is_superuser ?? false,
    active,
  };
}

function describeMismatch(entry: unknown, file: string, index: number): BoatLoadError {
  const [error] = Value.Errors(UserEntry, entry);
  const path = (error?.instancePath ?? '').replaceAll('/', '.');
  return faultAt(file, `[${index}]${path}`, error?.message ?? 'is not a user');
}

function refuseTwins(users: readonly UserRecord[], file: string): void {
  const names = new Set<string>();
  const ids = new Set<number>();
  for (const { id, username } of users) {
    if (names.has(username)) throw faultAt(file, `user "${username}"`, 'stands there twice');
    if (ids.has(id)) throw faultAt(file, `user "${username}"`, `has the pk ${id} of another user`);
    names.add(username);
    ids.add(id);
  }
}

function describePlace(text: string, message: string): string {
  const position = Number(/at position (\d+)/.exec(message)?.[1] ?? Number.NaN);
  if (!Number.isNaN(position)) return describeOffset(text, position);
  // Node 20 quotes up to ten characters on both sides of the fault in place of its position.
  const quoted = /Unexpected token '(.+?)', (\.\.\.)?"(.*?)"(?:\.\.\.)? is not valid JSON$/s.exec(message);
  if (quoted === null) return describeOffset(text, text.length);
  const [, token = '', cut, around = ''] = quoted;
  return describeOffset(text, text.indexOf(around) + (cut === undefined ? around.indexOf(token) : 10));
}

function describeOffset(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function faultAt(file: string, place: string, what: string, cause?: unknown): BoatLoadError {
  return new BoatLoadError('bad_configuration', `The users file ${file} is wrong at ${place}: ${what}`, { cause });
}
