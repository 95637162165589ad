import type { Credentials } from '@boatload/contract';
import type { LoginLimit } from './login-limit.ts';
import type { User, Users } from './users.ts';

/** How an attempt to log in ends. */
export type LoginOutcome =
  | { readonly kind: 'welcome'; readonly user: User }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly seconds: number };

/** Checks names and passwords, the same for every way to log in. */
export class Login {
  readonly #users: Users;
  readonly #limit: LoginLimit;

  constructor(users: Users, limit: LoginLimit) {
    this.#users = users;
    this.#limit = limit;
  }

  /** @param address where the attempt comes from */
  async attempt({ username, password }: Credentials, address: string): Promise<LoginOutcome> {
    const seconds = this.#limit.begin(username, address);
    if (seconds > 0) return { kind: 'wait', seconds };
    const user = await this.#users.authenticate(username, password);
    if (user === undefined) return { kind: 'wrong' };
    this.#limit.succeed(username, address);
    return { kind: 'welcome', user };
  }
}

/** REST framework's sentence for a throttled request, and why it was. */
export function describeWait(seconds: number): string {
  return `Request was throttled. Expected available in ${seconds} seconds. Too many log-ins have failed from this address.`;
}
