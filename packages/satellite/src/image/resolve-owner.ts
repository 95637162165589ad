import { BoatLoadError } from '@boatload/contract';

/** Whom staged files belong to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The image's user database; empty text where the image has none. */
export interface UserDatabase {
  readonly passwd: string;
  readonly group: string;
}

/** Whether the ids of a user can be told without the image's user database. */
export function parseNumericOwner(user: string): Owner | undefined {
  if (user === '') return { uid: 0, gid: 0 };
  const [uid = '', gid] = user.split(':');
  return isNumber(uid) && gid !== undefined && isNumber(gid) ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/**
 * The ids of `user`, `uid`, `user:group` and so on, by the rules of the Engine: names first, then numbers; a
 * number that the image does not know has group 0.
 * @throws user_not_found
 */
export function resolveOwner(user: string, image: string, database: UserDatabase): Owner {
  const [name = '', group] = user.split(':');
  const found = rowsOf(database.passwd).find((row) => row[0] === name || (isNumber(name) && row[2] === name));
  const uid = found?.[2] ?? name;
  if (!isNumber(uid)) throw unknown('user', name, image);
  const gid = group === undefined || group === '' ? (found?.[3] ?? '0') : groupId(group, image, database);
  return { uid: Number(uid), gid: Number(gid) };
}

function groupId(group: string, image: string, database: UserDatabase): string {
  const found = rowsOf(database.group).find((row) => row[0] === group);
  const gid = found?.[2] ?? group;
  if (!isNumber(gid)) throw unknown('group', group, image);
  return gid;
}

function rowsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

/** The Engine takes no larger ids; the largest of the kernel means that nothing is to be changed. */
const largestId = 2_147_483_647;

function isNumber(text: string): boolean {
  return /^[0-9]{1,10}$/.test(text) && Number(text) <= largestId;
}

function unknown(what: 'user' | 'group', name: string, image: string): BoatLoadError {
  return new BoatLoadError(
    'user_not_found',
    `The image ${image} has no ${what} ${name}: name one that it has, or use numbers such as 1000:1000.`,
    { field: 'user' },
  );
}
