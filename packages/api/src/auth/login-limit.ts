/** A number of failures that is allowed in a stretch of time. */
export interface LoginLimits {
  /** Of one account from one address. Default 10. */
  readonly perAccount?: number;
  /** From one address, whatever the account. Default 100. */
  readonly perAddress?: number;
  /** The stretch of time, in seconds. Default 300. */
  readonly windowSeconds?: number;
  /** Default: the machine's clock. */
  readonly now?: () => Date;
}

interface Tally {
  failures: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Beyond that many, the oldest tallies are forgotten: what an attacker chooses must not fill the memory. */
const maxTallies = 20_000;

/**
 * Slows down whoever tries passwords. Counted in memory, an attempt from its start, so that many at once don't
 * slip through. An account is only closed to the address that failed, so nobody can lock out others.
 */
export class LoginLimit {
  readonly #perAccount: number;
  readonly #perAddress: number;
  readonly #windowMs: number;
  readonly #now: () => Date;
  readonly #tallies = new Map<string, Tally>();

  constructor({ perAccount = 10, perAddress = 100, windowSeconds = 300, now = () => new Date() }: LoginLimits = {}) {
    this.#perAccount = perAccount;
    this.#perAddress = perAddress;
    this.#windowMs = windowSeconds * 1_000;
    this.#now = now;
  }

  /** Counts an attempt. Returns 0, or the seconds to wait: then nothing was counted, and none may be made. */
  begin(username: string, address: string): number {
    const now = this.#now().getTime();
    const account = this.#tallyOf(accountKey(username, address), now);
    const whole = this.#tallyOf(address, now);
    const wait = Math.max(
      account.failures >= this.#perAccount ? account.until - now : 0,
      whole.failures >= this.#perAddress ? whole.until - now : 0,
    );
    if (wait > 0) return Math.ceil(wait / 1_000);
    account.failures += 1;
    whole.failures += 1;
    return 0;
  }

  /** Tells that an attempt was right after all: the account starts anew. */
  succeed(username: string, address: string): void {
    this.#tallies.delete(accountKey(username, address));
    const whole = this.#tallies.get(address);
    if (whole !== undefined) whole.failures = Math.max(0, whole.failures - 1);
  }

  #tallyOf(key: string, now: number): Tally {
    const known = this.#tallies.get(key);
    if (known !== undefined && known.until > now) return known;
    const fresh = { failures: 0, until: now + this.#windowMs };
    // Deleted first, so that the map stays in the order in which tallies began.
    this.#tallies.delete(key);
    this.#tallies.set(key, fresh);
    const [oldest] = this.#tallies.keys();
    if (this.#tallies.size > maxTallies && oldest !== undefined) this.#tallies.delete(oldest);
    return fresh;
  }
}

function accountKey(username: string, address: string): string {
  return `${address} ${username.slice(0, 200)}`;
}
