/**
 * One log-in of one user in one browser. Whoever reads the store cannot log in with what they find: the token
 * in the browser's cookie is only here as its digest.
 */
export interface Session {
  /** SHA-256 of the session's token, in lower-case hex: the key. */
  readonly tokenHash: string;
  readonly userId: number;
  /**
   * Digest of the user's name and password hash at log-in, in lower-case hex. Where it no longer fits the
   * user, because their password was changed or their number now belongs to somebody else, the session is over.
   */
  readonly userDigest: string;
  /** What unsafe requests of this session must carry, in lower-case hex. */
  readonly csrfToken: string;
  readonly createdAt: Date;
  /** From this moment on the session is over, whether or not it was removed. */
  readonly expiresAt: Date;
}

/** Keeps sessions through restarts. Every call is one transaction; all errors are BoatLoadErrors. */
export interface SessionStore {
  /** Adds a session; its token is random, so its hash is always new. */
  create(session: Session): Promise<void>;

  /** The session with this hash, even if it is expired; undefined when there is none. */
  find(tokenHash: string): Promise<Session | undefined>;

  /** Ends a session. Nothing happens if there is none. */
  remove(tokenHash: string): Promise<void>;

  /** Forgets every session whose `expiresAt` is not after `now`. */
  removeExpired(now: Date): Promise<void>;
}
