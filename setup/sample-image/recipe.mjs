import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

/** What the image is called on the Engine. */
export const sampleImage = 'boatload/sample:latest';
/** The label that tells from which recipe an image was built. */
export const recipeLabel = 'io.boatload.sample';
/** Where programs are looked for in the image. */
export const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const coreutils =
  'basename cat chgrp chmod chown cksum comm cp cut date dd df dirname du echo env expr false fold head id install join link ln ls md5sum mkdir mkfifo mknod mktemp mv nl nproc od paste pr printenv printf pwd readlink realpath rm rmdir seq sha1sum sha256sum shuf sleep sort split stat stdbuf stty sync tac tail tee test timeout touch tr true truncate tsort tty uname uniq unlink wc whoami yes base64';

/** Programs without which the image is not built. */
export const requiredPrograms = ['sh', ...coreutils.split(' '), 'find', 'grep', 'gzip', 'sed', 'tar', 'xargs'];
/** Programs that come along where the machine has them. */
export const optionalPrograms = [
  'awk',
  'bash',
  'cmp',
  'diff',
  'egrep',
  'fgrep',
  'gunzip',
  'hostname',
  'kill',
  'ps',
  'zcat',
  '[',
];
/** Files that come along where the machine has them, with what they point to. */
export const optionalFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/ssl/openssl.cnf',
  '/usr/lib/ssl/openssl.cnf',
  '/usr/libexec/coreutils/libstdbuf.so',
];

/** @typedef {{ readonly path: string, readonly mode: number, readonly uid?: number, readonly text?: string }} PlainEntry */

/**
 * Folders and files that do not come from the machine. `text` makes it a file.
 * @type {readonly PlainEntry[]}
 */
export const plainEntries = [
  { path: 'etc/', mode: 0o755 },
  {
    path: 'etc/passwd',
    mode: 0o644,
    text: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nboat:x:1000:1000:BoatLoad:/home/boat:/bin/sh\n',
  },
  { path: 'etc/group', mode: 0o644, text: 'root:x:0:\nnogroup:x:65534:\nboat:x:1000:\n' },
  { path: 'etc/nsswitch.conf', mode: 0o644, text: 'passwd: files\ngroup: files\nhosts: files dns\n' },
  { path: 'dev/', mode: 0o755 },
  { path: 'home/', mode: 0o755 },
  { path: 'home/boat/', mode: 0o755, uid: 1000 },
  { path: 'opt/', mode: 0o755 },
  { path: 'proc/', mode: 0o555 },
  { path: 'root/', mode: 0o700 },
  { path: 'run/', mode: 0o755 },
  { path: 'sys/', mode: 0o555 },
  { path: 'tmp/', mode: 0o1777 },
  { path: 'var/', mode: 0o755 },
  { path: 'var/tmp/', mode: 0o1777 },
];

/** A digest of all that decides what the image holds: the lists above, Node's version and the system's. */
export function hashRecipe() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const recipe = [
    requiredPrograms,
    optionalPrograms,
    optionalFiles,
    plainEntries,
    searchPath,
    process.version,
    process.arch,
    release,
  ];
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
}
