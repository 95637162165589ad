import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { removeTree } from '../../src/state/remove-tree.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';

const run = promisify(execFile);

describe('removing a tree', () => {
  it('takes all with it, whatever its names, and nothing that links lead to', async () => {
    await using dir = await makeTemporaryDirectory();
    const tree = join(dir.path, 'tree');
    await mkdir(join(tree, 'a', 'b'), { recursive: true });
    await mkdir(join(dir.path, 'kept'));
    await writeFile(join(dir.path, 'kept', 'file'), 'kept');
    await writeFile(Buffer.concat([Buffer.from(`${tree}/a/`), Buffer.of(0xff, 0x0a)]), '');
    await mkdir(Buffer.concat([Buffer.from(`${tree}/`), Buffer.of(0xe9)]), { mode: 0o000 });
    await symlink(join(dir.path, 'kept'), join(tree, 'a', 'link'));
    await removeTree(tree);
    expect(await readdir(dir.path)).toEqual(['kept']);
    expect(await readFile(join(dir.path, 'kept', 'file'), 'utf8')).toBe('kept');
  });

  it('takes more files and directories than it looks at together', async () => {
    await using dir = await makeTemporaryDirectory();
    const tree = join(dir.path, 'tree');
    await mkdir(tree);
    const names = Array.from({ length: 600 }, (_, at) => join(tree, String(at)));
    await Promise.all(names.map((name, at) => (at % 2 === 0 ? mkdir(name) : writeFile(name, ''))));
    await removeTree(tree);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('takes directories that lie deeper than any path can say', async () => {
    await using dir = await makeTemporaryDirectory();
    const tree = join(dir.path, 'tree');
    await mkdir(tree);
    const dig = `for (let i = 0; i < 90; i += 1) {
      const name = String.fromCharCode(97 + (i % 26)).repeat(200);
      fs.mkdirSync(name); process.chdir(name); fs.writeFileSync('file', '');
    }`;
    await run(process.execPath, ['-e', dig], { cwd: tree });
    await removeTree(tree);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('does nothing where there is none', async () => {
    await using dir = await makeTemporaryDirectory();
    await expect(removeTree(join(dir.path, 'none'))).resolves.toBeUndefined();
  });
});
