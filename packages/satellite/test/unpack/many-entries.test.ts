import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/staging/limits.ts';
import { ArchiveGuard } from '../../src/unpack/archive-guard.ts';
import { unpackArchive } from '../../src/unpack/unpack-archive.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { tarMember } from './archive-builders.ts';

const mebibyte = 1_048_576;

/** Ten million files, as five hundred times the same gzip member of twenty thousand. */
function packTenMillion(): Buffer {
  const part = Buffer.concat(
    Array.from({ length: 20_000 }, (_, index) => tarMember({ path: `some/file-${index % 100}` })),
  );
  const member = gzipSync(part, { level: 9 });
  return Buffer.concat(Array.from({ length: 500 }, () => member));
}

describe('an archive of ten million entries', () => {
  it('is refused at the limit, and memory stays flat until then', { timeout: 300_000 }, async () => {
    await using dir = await makeTemporaryDirectory();
    const file = join(dir.path, 'many.tar.gz');
    await writeFile(file, packTenMillion());
    const guard = new ArchiveGuard(defaultLimits, (await stat(file)).size);
    const before = process.memoryUsage().rss;
    let most = before;
    let seen = 0;
    const readAll = async () => {
      for await (const _entry of unpackArchive({ file, kind: 'tar.gz' }, guard)) {
        seen += 1;
        if (seen % 10_000 === 0) most = Math.max(most, process.memoryUsage().rss);
      }
    };
    await expect(readAll()).rejects.toMatchObject({ code: 'archive_too_large' });
    expect(seen).toBe(defaultLimits.entries);
    expect((most - before) / mebibyte).toBeLessThan(100);
  });
});
