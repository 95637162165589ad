import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SetupFailure } from '../failure.mjs';
import { optionalFiles, optionalPrograms, requiredPrograms, searchPath } from './recipe.mjs';

/** Loaded by the C library at run time, so that no program names them; newer C libraries contain them. */
const nameServiceLibraries = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

/**
 * @typedef {object} HostFiles
 * @property {readonly string[]} paths What tar is to take from the machine, without descending into folders:
 *   each folder before what it holds, symbolic links as such beside what they point to.
 * @property {string | undefined} node The node program, where it has to be put into the search path.
 */

/**
 * Finds the files of this machine that the image consists of.
 * @returns {HostFiles}
 */
export function collectHostFiles() {
  const programs = [
    ...requiredPrograms.map(requireProgram),
    ...optionalPrograms.flatMap((name) => findInPath(name) ?? []),
  ];
  const node = process.execPath;
  const nodeInPath = searchPath.split(':').includes(dirname(node));
  const libraries = listLibraries([...programs, node]);
  const nameServices = [...new Set(libraries.map((path) => dirname(path)))].flatMap((folder) =>
    nameServiceLibraries.map((name) => join(folder, name)),
  );
  const extra = [...nameServices, ...optionalFiles, ...listNodeModules()].filter((path) => existsSync(path));
  // /bin and /sbin are symbolic links on most systems; scripts name both.
  const folders = ['/bin/sh', '/sbin'].filter((path) => existsSync(path));
  const wanted = [...programs, ...folders, ...(nodeInPath ? [node] : []), ...libraries, ...extra];
  /** @type {Set<string>} */
  const paths = new Set();
  for (const path of wanted) addWithLinks(path, paths);
  return { paths: [...paths], node: nodeInPath ? undefined : node };
}

/** @param {string} name */
function requireProgram(name) {
  const path = findInPath(name);
  if (path !== undefined) return path;
  throw new SetupFailure(
    `The sample image is built from this machine's own programs, and «${name}» is not among them: install it (it belongs to coreutils, findutils, grep, gzip, sed or tar), then run this command again.`,
  );
}

/** @param {string} name */
function findInPath(name) {
  return searchPath
    .split(':')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/**
 * The shared libraries of programs, their loader included.
 * @param {readonly string[]} programs
 * @returns {readonly string[]}
 */
function listLibraries(programs) {
  const binaries = [...new Set(programs.map((path) => realpathSync(path)))];
  /** @type {Set<string>} */
  const found = new Set();
  for (const match of readLdd(binaries).matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)) {
    if (match[1] !== undefined) found.add(match[1]);
  }
  return [...found];
}

/** @param {readonly string[]} binaries */
function readLdd(binaries) {
  try {
    return execFileSync('ldd', [...binaries], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    // It fails for a shell script among the programs, after it has told about the others.
    if (error instanceof Error && 'stdout' in error && error.stdout) return String(error.stdout);
    throw new SetupFailure(
      "The libraries of this machine's programs cannot be listed: ldd failed. It belongs to the C library (Debian: libc-bin).",
      { cause: error },
    );
  }
}

/** Modules of Node itself that a distribution ships as files of their own. */
function listNodeModules() {
  const values = Object.values(process.config.variables);
  return values.flatMap((value) =>
    typeof value === 'string' && value.startsWith('/usr/share/nodejs/') ? [value] : [],
  );
}

/**
 * Adds a path with every folder on the way and, where that leads over symbolic links, those and what they
 * point to: on Debian /bin is one.
 * @param {string} path
 * @param {Set<string>} paths
 */
function addWithLinks(path, paths) {
  let at = '/';
  const parts = path.split('/').filter((part) => part !== '');
  for (const [index, part] of parts.entries()) {
    const next = join(at, part);
    paths.add(next.slice(1));
    if (lstatSync(next).isSymbolicLink()) {
      addWithLinks(join(resolve(at, readlinkSync(next)), ...parts.slice(index + 1)), paths);
      return;
    }
    at = next;
  }
}
