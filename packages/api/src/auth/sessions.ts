import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '@boatload/contract';
import type { SessionStore } from './session-store.ts';
import type { User, Users } from './users.ts';

/** As long as Django's. */
export const sessionSeconds = 14 * 24 * 3_600;

export interface SessionOptions {
  readonly store: SessionStore;
  readonly users: Users;
  /** Default: the machine's clock. */
  readonly now?: () => Date;
}

/** A session that is good now. */
export interface OpenSession {
  readonly principal: Principal;
  readonly csrfToken: string;
}

/** Log-ins of browsers, by the token in their `sessionid` cookie. They last 14 days, used or not. */
export class Sessions {
  readonly #store: SessionStore;
  readonly #users: Users;
  readonly #now: () => Date;

  constructor({ store, users, now = () => new Date() }: SessionOptions) {
    this.#store = store;
    this.#users = users;
    this.#now = now;
  }

  /** Opens a session, and forgets those that are over. */
  async open(user: User): Promise<{ readonly token: string; readonly csrfToken: string }> {
    const createdAt = this.#now();
    const token = randomBytes(32).toString('base64url');
    const csrfToken = newCsrfToken();
    await this.#store.removeExpired(createdAt);
    await this.#store.create({
      tokenHash: hashToken(token),
      userId: user.principal.id,
      userDigest: user.digest,
      csrfToken,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + sessionSeconds * 1_000),
    });
    return { token, csrfToken };
  }

  /** The session of a token; undefined when it is over, or its user may not log in as they did then. */
  async find(token: string): Promise<OpenSession | undefined> {
    const session = await this.#store.find(hashToken(token));
    if (session === undefined || session.expiresAt <= this.#now()) return undefined;
    const user = this.#users.byId(session.userId);
    if (user?.active !== true || user.digest !== session.userDigest) return undefined;
    return { principal: user.principal, csrfToken: session.csrfToken };
  }

  /** Ends the session of a token, if there is one. */
  async close(token: string): Promise<void> {
    await this.#store.remove(hashToken(token));
  }
}

/** 64 letters and digits, as Django's are. */
export function newCsrfToken(): string {
  return randomBytes(32).toString('hex');
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
