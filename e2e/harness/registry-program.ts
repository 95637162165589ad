import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache/docker-registry', import.meta.url));
const unpacked = join(cache, 'usr', 'bin', 'docker-registry');

/**
 * Path of the program `docker-registry`: an installed one, else Debian's, which is unpacked below node_modules.
 * It is not installed, because its package also starts a registry for the whole machine.
 */
export async function findRegistryProgram(): Promise<string> {
  const installed = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'docker-registry'));
  for (const path of [...installed, unpacked]) if (await isProgram(path)) return path;
  try {
    await unpackPackage().catch(async () => {
      await run('apt-get', ['update']);
      await unpackPackage();
    });
  } catch (cause) {
    throw new Error(
      'The tests of private registries need the program docker-registry, and Debian’s package of it could not be fetched: put it on the PATH.',
      { cause },
    );
  }
  return unpacked;
}

async function unpackPackage(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'boatload-registry-'));
  try {
    await run('apt-get', ['download', 'docker-registry'], { cwd: folder });
    const [file = ''] = await readdir(folder);
    await run('dpkg-deb', ['-x', file, 'package'], { cwd: folder });
    await mkdir(join(cache, '..'), { recursive: true });
    await rm(cache, { recursive: true, force: true });
    await rename(join(folder, 'package'), cache).catch(() => run('cp', ['-r', join(folder, 'package'), cache]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
