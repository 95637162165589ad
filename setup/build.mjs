import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { localProgram, logs, root } from './root.mjs';
import { requireSuccess } from './run-logged.mjs';

/** The programs that are run; what they import is compiled with them. */
const programs = ['packages/cli', 'bench'];

/**
 * Compiles every program, without the tests. The compiler itself finds out what has changed, so a line is only told where it
 * wrote something.
 * @param {import('./announcer.mjs').Announcer} announcer
 */
export async function build(announcer) {
  const began = performance.now();
  const before = lastCompiled();
  const line = before === 0 ? announcer.begin('build', 'compiling') : undefined;
  try {
    await requireSuccess({
      command: localProgram('tsc'),
      args: ['-b', ...programs],
      log: join(logs, 'build.log'),
      cwd: root,
      failed: 'The packages do not compile: tsc -b failed.',
      next: 'If you changed the code, correct what is named above; if not, this is a defect of BoatLoad: please report it.',
    });
  } catch (error) {
    line?.failed();
    throw error;
  }
  if (line !== undefined) line.done();
  else if (lastCompiled() !== before) announcer.tell('build', 'compiled what had changed', began);
}

/** When the compiler last wrote its notes on any package, in milliseconds; 0 if it never did. */
function lastCompiled() {
  const times = packageFolders().map((folder) => join(folder, 'dist', '.tsbuildinfo'));
  return Math.max(0, ...times.filter((file) => existsSync(file)).map((file) => statSync(file).mtimeMs));
}

/** Every folder below packages/ that may hold a package: packages/NAME and packages/backends/NAME. */
function packageFolders() {
  const top = join(root, 'packages');
  const list = (/** @type {string} */ folder) => readdirSync(folder).map((name) => join(folder, name));
  return [...list(top), ...list(join(top, 'backends')), join(root, 'bench')];
}
