import { isIP } from 'node:net';
import type { ReadStream } from 'node:tty';
import { BoatLoadError } from '@boatload/contract';
import { type ApiAddress, ApiClient } from './api-client.ts';
import { askPassword } from './read-password.ts';

export interface LoginSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: ReadStream;
  /** Where the password is asked for. */
  readonly prompts: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/**
 * Logs in: with BOATLOAD_PASSWORD; without it with the password that is asked for on a terminal; where there is none,
 * with the one that a new service has, on this machine only.
 * @throws fetch_failed, bad_credentials, not_authenticated
 */
export async function logIn(address: ApiAddress, sources: LoginSources): Promise<ApiClient> {
  const password = await findPassword(address, sources);
  try {
    return await ApiClient.logIn({ ...address, password, signal: sources.signal });
  } catch (error) {
    if (!(error instanceof BoatLoadError) || error.code !== 'bad_credentials') throw error;
    const text = `${address.url} knows no user "${address.username}" with this password: set BOATLOAD_PASSWORD, and BOATLOAD_USER or --user.`;
    throw new BoatLoadError('bad_credentials', text, { cause: error });
  }
}

async function findPassword({ url, username }: ApiAddress, sources: LoginSources): Promise<string> {
  const { env, input, prompts, signal } = sources;
  if (env.BOATLOAD_PASSWORD) return env.BOATLOAD_PASSWORD;
  if (input.isTTY) return askPassword(`Password of ${username} at ${url}: `, { input, prompts, signal });
  if (username === 'admin' && isLoopback(url)) return 'admin';
  const text = `There is no password for ${username} at ${url}: set BOATLOAD_PASSWORD.`;
  throw new BoatLoadError('not_authenticated', text, { field: 'password' });
}

function isLoopback(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
