import { spawn } from 'node:child_process';
import { createReadStream, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { SetupFailure } from '../failure.mjs';
import { plainEntries } from './recipe.mjs';
import { encodeEntry, encodePadding } from './tar-header.mjs';

/**
 * The image's root file system as a tar: our own entries, then the machine's files as its tar packs them.
 * @param {import('./host-files.mjs').HostFiles} files
 * @returns {AsyncGenerator<Buffer, void, undefined>}
 */
export async function* packRootFilesystem({ paths, node }) {
  const own = [...plainEntries, ...(node === undefined ? [] : nodeFolders)];
  const ownPaths = new Set(own.map((entry) => entry.path.replace(/\/$/, '')));
  for (const entry of own) yield encodeEntry(entry);
  if (node !== undefined) yield* packNode(node);
  // Last, because its end marks are the archive's. The Engine refuses a path that comes twice.
  yield* packHostFiles(paths.filter((path) => !ownPaths.has(path)));
}

const nodeFolders = ['usr/', 'usr/local/', 'usr/local/bin/'].map((path) => ({ path, mode: 0o755 }));

/**
 * Node, where it does not lie in the image's search path: nvm has it in a home folder.
 * @param {string} node
 */
async function* packNode(node) {
  const { size } = statSync(node);
  yield encodeEntry({ path: 'usr/local/bin/node', mode: 0o755, size });
  yield* createReadStream(node, { highWaterMark: 1024 * 1024 });
  yield encodePadding(size);
}

/** @param {readonly string[]} paths */
async function* packHostFiles(paths) {
  const args = ['-c', '-f', '-', '-C', '/', '--no-recursion', '--numeric-owner', '--owner=0', '--group=0', '-T', '-'];
  const tar = spawn('tar', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise((resolve, reject) => {
    tar.once('close', resolve);
    tar.once('error', reject);
  });
  const complaints = text(tar.stderr);
  // A tar that ends early says why on its standard error; the broken pipe adds nothing.
  tar.stdin.on('error', () => undefined);
  tar.stdin.end(`${paths.join('\n')}\n`);
  yield* tar.stdout;
  if ((await ended) === 0) return;
  throw new SetupFailure(
    `The sample image could not be packed from this machine's programs: tar failed.\n\n${await complaints}`,
  );
}
