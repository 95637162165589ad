import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BoatLoadError } from '@boatload/contract';

const keyBytes = 32;

/**
 * The secret that tokens are signed with: `jwt.key` in the data folder, made on first use and readable by its
 * owner only. Deleting the file and starting again makes every token invalid.
 * @throws bad_configuration when the file cannot be used
 */
export async function loadTokenKey(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, 'jwt.key');
  try {
    await mkdir(dataDir, { recursive: true });
    const key = (await readIfThere(file)) ?? (await makeKey(file));
    if (key.length === keyBytes) return key;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BoatLoadError(
      'bad_configuration',
      `The token key ${file} cannot be read or made (${reason}): make the folder writable for the service's user.`,
      { field: 'data-dir', cause },
    );
  }
  throw new BoatLoadError(
    'bad_configuration',
    `The token key ${file} is damaged (it must be ${keyBytes} bytes): delete it and start again; users then log in anew.`,
  );
}

async function makeKey(file: string): Promise<Buffer> {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await writeDurably(draft, randomBytes(keyBytes));
    // A link never replaces: of two services that start at once, both use the key of the first.
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file);
}

async function writeDurably(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
