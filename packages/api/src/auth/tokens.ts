import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Principal } from '@boatload/contract';
import { errors, jwtVerify, SignJWT } from 'jose';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { refuseSubmittedToken, refuseToken, type TokenFault } from './token-faults.ts';
import type { User, Users } from './users.ts';

const hour = 3_600;
const algorithm = 'HS256';

/** djangorestframework-jwt's payload; times are in seconds since 1970. */
const Payload = Type.Object({
  user_id: Type.Integer(),
  username: Type.String(),
  exp: Type.Integer(),
  orig_iat: Type.Optional(Type.Integer()),
});
type Payload = Static<typeof Payload>;

export interface TokenOptions {
  /** 32 secret bytes, as `loadTokenKey` gives them. */
  readonly key: Uint8Array;
  readonly users: Users;
  /** How long a token is good, in seconds. Default one hour. */
  readonly tokenSeconds?: number;
  /** How long after the log-in its token can be refreshed, in seconds. Default 7 days. */
  readonly refreshSeconds?: number;
  /** Default: the machine's clock. */
  readonly now?: () => Date;
}

/** Issues and checks JSON Web Tokens, HS256 and no other algorithm. They are not kept: only time ends them. */
export class Tokens {
  readonly #key: KeyObject;
  readonly #users: Users;
  readonly #tokenSeconds: number;
  readonly #refreshSeconds: number;
  readonly #now: () => Date;

  constructor(options: TokenOptions) {
    this.#key = createSecretKey(options.key);
    this.#users = options.users;
    this.#tokenSeconds = options.tokenSeconds ?? hour;
    this.#refreshSeconds = options.refreshSeconds ?? 7 * 24 * hour;
    this.#now = options.now ?? (() => new Date());
  }

  /** A new token for a user who has just logged in. */
  issue(user: User): Promise<string> {
    return this.#sign(user, this.#seconds());
  }

  /**
   * Whose token this is.
   * @throws expired_token, invalid_token (also where the user is unknown by now, or inactive)
   */
  async verify(token: string): Promise<Principal> {
    const checked = await this.#check(token);
    if (typeof checked === 'string') throw refuseToken(checked);
    return checked.user.principal;
  }

  /**
   * Checks a token that somebody asks about.
   * @throws token_rejected
   */
  async inspect(token: string): Promise<void> {
    const checked = await this.#check(token);
    if (typeof checked === 'string') throw refuseSubmittedToken(checked);
  }

  /**
   * A token that is good for longer, for one that is still good. It remembers when its user logged in.
   * @throws token_rejected, also when the log-in is longer ago than tokens can be refreshed
   */
  async refresh(token: string): Promise<string> {
    const checked = await this.#check(token);
    if (typeof checked === 'string') throw refuseSubmittedToken(checked);
    const { user, payload } = checked;
    if (payload.orig_iat === undefined) throw refuseSubmittedToken('refresh_impossible');
    if (this.#seconds() > payload.orig_iat + this.#refreshSeconds) throw refuseSubmittedToken('refresh_expired');
    return this.#sign(user, payload.orig_iat);
  }

  async #check(token: string): Promise<{ readonly user: User; readonly payload: Payload } | TokenFault> {
    const payload = await this.#decode(token);
    if (typeof payload === 'string') return payload;
    const user = this.#users.byId(payload.user_id);
    // A number whose name has changed is somebody else by now.
    if (user === undefined || user.principal.username !== payload.username) return 'user_unknown';
    return user.active ? { user, payload } : 'user_inactive';
  }

  async #decode(token: string): Promise<Payload | TokenFault> {
    try {
      const { payload } = await jwtVerify<unknown>(token, this.#key, {
        algorithms: [algorithm],
        currentDate: this.#now(),
      });
      return Value.Check(Payload, payload) ? payload : 'payload_invalid';
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'expired';
      if (error instanceof errors.JOSEError) return 'undecodable';
      throw error;
    }
  }

  #sign({ principal, email }: User, loggedInAt: number): Promise<string> {
    const payload = {
      user_id: principal.id,
      username: principal.username,
      exp: this.#seconds() + this.#tokenSeconds,
      email,
      orig_iat: loggedInAt,
    };
    return new SignJWT(payload).setProtectedHeader({ typ: 'JWT', alg: algorithm }).sign(this.#key);
  }

  #seconds(): number {
    return Math.floor(this.#now().getTime() / 1_000);
  }
}
