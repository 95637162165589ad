import { open, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Puts a file in place as a whole, for whoever comes after a kill of this process: not after a loss of power. */
export async function writeWhole(file: string, content: string): Promise<void> {
  const temporary = `${file}.new`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, file);
}

/** Puts a file in place as a whole: after a crash at any moment there is the old content or the new one. */
export async function writeDurably(file: string, content: string): Promise<void> {
  const temporary = `${file}.new`;
  await writeSynced(temporary, content, 'w');
  await rename(temporary, file);
  await syncDirectory(dirname(file));
}

/**
 * Makes a file that must not exist yet, durable when the promise is fulfilled.
 * @throws the system's EEXIST when it exists
 */
export async function createDurably(file: string, content: string): Promise<void> {
  await writeSynced(file, content, 'wx');
  await syncDirectory(dirname(file));
}

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeSynced(file: string, content: string, flags: 'w' | 'wx'): Promise<void> {
  const handle = await open(file, flags, 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
