import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface DataSet {
  readonly files: number;
  /** Bytes of each file. */
  readonly fileBytes: number;
}

/** Packs a tar of many files, a hundred of them in a directory. */
export async function packDataSet({ files, fileBytes }: DataSet, directory: string): Promise<string> {
  const tree = join(directory, 'tree');
  const content = Buffer.alloc(fileBytes, 'of the data set\n');
  for (let index = 0; index < files; index += 1) {
    const folder = join(tree, `d${Math.floor(index / 100)}`);
    if (index % 100 === 0) await mkdir(folder, { recursive: true });
    content.writeUInt32LE(index);
    await writeFile(join(folder, `f${index}`), content);
  }
  const tar = join(directory, 'data-set.tar');
  await run('tar', ['-cf', tar, '-C', tree, '.']);
  await rm(tree, { recursive: true });
  return tar;
}
