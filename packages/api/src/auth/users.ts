import { createHash, createHmac, randomBytes } from 'node:crypto';
import { BoatLoadError, type Principal } from '@boatload/contract';
import { hashAdvice, hashPassword, isPasswordHash, verifyPassword } from './password-hash.ts';
import { readUsersFile, type UserRecord } from './users-file.ts';

const defaultName = 'admin';
const defaultSecret = 'admin';
/** Django's limit too: longer input is an attack on our processor, not a password. */
const maxPasswordLength = 4_096;

/** A known user, without their password hash. */
export interface User {
  readonly principal: Principal;
  /** "" where none is known. */
  readonly email: string;
  /** Inactive users keep their name but cannot log in. */
  readonly active: boolean;
  /** Changes with the name and the password hash; SHA-256 in lower-case hex. */
  readonly digest: string;
}

export interface UserSources {
  /** Password hash of the user `admin` (ADMINHASH); goes before the one in the file. */
  readonly adminHash?: string | undefined;
  /** A Django `auth.user` fixture. */
  readonly usersFile?: string | undefined;
}

/**
 * Puts together who may log in: the users of the file, and `admin`. Where neither a hash for `admin` is given
 * nor the file has a user `admin` or an active admin, `admin` gets the password `admin`.
 * @throws bad_configuration with the place and what to do
 */
export async function loadUsers({ adminHash, usersFile }: UserSources): Promise<Users> {
  const records = usersFile === undefined ? [] : await readUsersFile(usersFile);
  if (adminHash !== undefined) return withAdminHash(records, adminHash);
  const named = records.find((user) => user.username === defaultName);
  if (named !== undefined || records.some((user) => user.admin && user.active)) {
    return new Users(records, await usesDefaultPassword(named));
  }
  return new Users([...records, makeAdmin(records, await hashPassword(defaultSecret))], true);
}

/** The users that the service knows. They stay the same until it is started again. */
export class Users {
  /** Whether `admin` can log in with the password that everybody knows. */
  readonly defaultPassword: boolean;
  readonly #records: ReadonlyMap<string, UserRecord>;
  readonly #users: ReadonlyMap<number, User>;
  readonly #hashes: readonly string[];
  readonly #decoyKey = randomBytes(32);

  constructor(records: readonly UserRecord[], defaultPassword: boolean) {
    this.defaultPassword = defaultPassword;
    this.#records = new Map(records.map((record) => [record.username, record]));
    this.#users = new Map(records.map((record) => [record.id, toUser(record)]));
    this.#hashes = records.filter(canLogIn).map((record) => record.passwordHash);
  }

  /** Who has this name and password; undefined when nobody has, or the user is inactive. */
  async authenticate(username: string, password: string): Promise<User | undefined> {
    if (password.length > maxPasswordLength) return undefined;
    const record = this.#records.get(username.normalize('NFKC'));
    const known = record !== undefined && canLogIn(record);
    const fits = await verifyPassword(password, known ? record.passwordHash : this.#decoyFor(username));
    return known && fits ? this.#users.get(record.id) : undefined;
  }

  byId(id: number): User | undefined {
    return this.#users.get(id);
  }

  /**
   * A hash to check an unknown name's password against, so that the time taken doesn't tell which names exist:
   * always the same for one name, and spread over names as the real hashes are.
   */
  #decoyFor(username: string): string {
    const pick = createHmac('sha256', this.#decoyKey).update(username).digest().readUInt32BE();
    return this.#hashes[pick % this.#hashes.length] ?? '!';
  }
}

async function withAdminHash(records: readonly UserRecord[], adminHash: string): Promise<Users> {
  if (!isPasswordHash(adminHash)) {
    throw new BoatLoadError('bad_configuration', `ADMINHASH, for user "admin", has an unknown form. ${hashAdvice}`);
  }
  const named = records.find((user) => user.username === defaultName);
  const admin = named === undefined ? makeAdmin(records, adminHash) : { ...named, passwordHash: adminHash };
  const others = records.filter((user) => user !== named);
  return new Users([...others, admin], await usesDefaultPassword(admin));
}

function makeAdmin(others: readonly UserRecord[], passwordHash: string): UserRecord {
  const taken = new Set(others.map((user) => user.id));
  const id = taken.has(1) ? Math.max(...taken) + 1 : 1;
  return { id, username: defaultName, email: '', passwordHash, admin: true, active: true };
}

/** Django marks with "!" that a user has no password. */
function canLogIn({ active, passwordHash }: UserRecord): boolean {
  return active && !passwordHash.startsWith('!');
}

async function usesDefaultPassword(user: UserRecord | undefined): Promise<boolean> {
  return user?.active === true && (await verifyPassword(defaultSecret, user.passwordHash));
}

function toUser({ id, username, admin, email, active, passwordHash }: UserRecord): User {
  const digest = createHash('sha256')
    .update(JSON.stringify([username, passwordHash]))
    .digest('hex');
  return { principal: { id, username, admin }, email, active, digest };
}
