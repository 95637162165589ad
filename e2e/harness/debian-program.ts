import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program of Debian, in the package of its name. */
export interface DebianProgram {
  readonly name: string;
  /** Where its package puts it. */
  readonly folder: 'usr/bin' | 'usr/sbin';
  /** What needs it, for the message when it cannot be had. */
  readonly wantedBy: string;
}

export interface FoundProgram {
  readonly path: string;
  /** Below which its package is unpacked; empty if the program is installed. */
  readonly root: string;
  /** What it needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Finds an installed program, else Debian's, which is unpacked below node_modules with the libraries that are
 * missing here. It is not installed, because packages also start their programs for the whole machine.
 */
export async function findDebianProgram(program: DebianProgram): Promise<FoundProgram> {
  const { name, folder, wantedBy } = program;
  const folders = [...(process.env.PATH ?? '').split(delimiter), join('/', folder)];
  for (const path of folders.map((each) => join(each, name))) {
    if (await isProgram(path)) return { path, root: '', env: {} };
  }
  const root = fileURLToPath(new URL(`../../node_modules/.cache/${name}`, import.meta.url));
  const path = join(root, folder, name);
  if (!(await isProgram(path))) {
    try {
      await unpackPackage(name, root).catch(async () => {
        await run('apt-get', ['update']);
        await unpackPackage(name, root);
      });
    } catch (cause) {
      throw new Error(
        `${wantedBy} need the program ${name}, and Debian’s package of it could not be fetched: put it on the PATH.`,
        { cause },
      );
    }
  }
  return { path, root, env: { LD_LIBRARY_PATH: (await libraryFolders(root)).join(delimiter) } };
}

async function unpackPackage(name: string, root: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'boatload-program-'));
  try {
    await run('apt-get', ['download', ...(await missingPackages(name))], { cwd: folder });
    for (const file of await readdir(folder)) await run('dpkg-deb', ['-x', file, 'package'], { cwd: folder });
    await mkdir(join(root, '..'), { recursive: true });
    await rm(root, { recursive: true, force: true });
    await rename(join(folder, 'package'), root).catch(() => run('cp', ['-r', join(folder, 'package'), root]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The package and what it needs that is not installed, by a rehearsal of its installation. */
async function missingPackages(name: string): Promise<readonly string[]> {
  const { stdout } = await run('apt-get', ['install', '--simulate', '--no-install-recommends', name]);
  // «Inst name [old version] (version …)»: what is there in an older version does.
  return stdout.split('\n').flatMap((line) => /^Inst (\S+) \(/.exec(line)?.[1] ?? []);
}

async function libraryFolders(root: string): Promise<readonly string[]> {
  const libraries = join(root, 'usr', 'lib');
  const names = await readdir(libraries).catch(() => []);
  return names.filter((name) => name.includes('-linux-')).map((name) => join(libraries, name));
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
