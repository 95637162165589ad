import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { BoatLoadError } from '@boatload/contract';
import { hash as argon2Hash, verify as argon2Verify, parseOptions } from '@node-rs/argon2';

const deriveKey = promisify(pbkdf2);

export const passwordAlgorithms = ['argon2id', 'pbkdf2_sha256'] as const;
export type PasswordAlgorithm = (typeof passwordAlgorithms)[number];

/** What new pbkdf2_sha256 hashes cost: OWASP's recommendation for PBKDF2-HMAC-SHA256. */
const pbkdf2Iterations = 600_000;
const pbkdf2Bytes = 32;
/** More would make one log-in take a processor for many seconds. */
const maxPbkdf2Iterations = 20_000_000;
/** KiB. More would let one log-in take the machine's memory. */
const maxArgon2Memory = 1024 ** 2;
const pbkdf2Pattern = /^pbkdf2_sha256\$([1-9][0-9]{0,8})\$([^$]+)\$([A-Za-z0-9+/]{43}=)$/;
const argon2Pattern = /^(?:argon2)?(\$argon2(?:id|i|d)\$.+)$/;

type ParsedHash =
  | { readonly kind: 'pbkdf2'; readonly iterations: number; readonly salt: string; readonly key: Buffer }
  | { readonly kind: 'argon2'; readonly phc: string }
  | { readonly kind: 'unusable' };

/**
 * Hashes a password with a fresh salt.
 * @param options.algorithm `argon2id` (the default; PHC format) or `pbkdf2_sha256` (Django's format)
 */
export async function hashPassword(
  password: string,
  { algorithm = 'argon2id' }: { readonly algorithm?: PasswordAlgorithm } = {},
): Promise<string> {
  if (algorithm === 'argon2id') return argon2Hash(password);
  const salt = randomBytes(16).toString('hex');
  const key = await deriveKey(password, salt, pbkdf2Iterations, pbkdf2Bytes, 'sha256');
  return `pbkdf2_sha256$${pbkdf2Iterations}$${salt}$${key.toString('base64')}`;
}

/**
 * Whether a password is the one that was hashed. Takes Django's `pbkdf2_sha256$…` and `argon2$argon2id$…`, the
 * PHC form `$argon2id$…`, and Django's `!…`, which no password fits.
 * @throws bad_configuration when the hash has none of these forms
 */
export async function verifyPassword(password: string, encoded: string): Promise<boolean> {
  const parsed = parseHash(encoded);
  switch (parsed?.kind) {
    case 'pbkdf2': {
      const key = await deriveKey(password, parsed.salt, parsed.iterations, pbkdf2Bytes, 'sha256');
      return timingSafeEqual(key, parsed.key);
    }
    case 'argon2':
      return argon2Verify(parsed.phc, password);
    case 'unusable':
      return false;
    default:
      throw new BoatLoadError('bad_configuration', `A password hash has an unknown form. ${hashAdvice}`);
  }
}

/** Whether `verifyPassword` can judge by this hash. */
export function isPasswordHash(encoded: string): boolean {
  return parseHash(encoded) !== undefined;
}

/** What a reader can do about a hash that is not understood. */
export const hashAdvice =
  "Known are pbkdf2_sha256$ITERATIONS$SALT$HASH and $argon2id$…: make one with `boatload hash-password` and give it whole (in a shell in '…', because of its $).";

function parseHash(encoded: string): ParsedHash | undefined {
  if (encoded.startsWith('!')) return { kind: 'unusable' };
  const [, iterations, salt, key] = pbkdf2Pattern.exec(encoded) ?? [];
  if (iterations !== undefined && salt !== undefined && key !== undefined) {
    const parsed = { kind: 'pbkdf2', iterations: Number(iterations), salt, key: Buffer.from(key, 'base64') } as const;
    return parsed.iterations <= maxPbkdf2Iterations ? parsed : undefined;
  }
  const phc = argon2Pattern.exec(encoded)?.[1];
  return phc !== undefined && isUsableArgon2(phc) ? { kind: 'argon2', phc } : undefined;
}

function isUsableArgon2(phc: string): boolean {
  try {
    return parseOptions(phc).memoryCost <= maxArgon2Memory;
  } catch {
    return false;
  }
}
