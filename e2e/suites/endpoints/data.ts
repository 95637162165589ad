import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Container } from '@boatload/contract';
import { beforeAll, describe, test } from 'vitest';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';
import { makeZip, type ZipMember } from '../../harness/zip-file.ts';

const run = promisify(execFile);

/** Nested, with names in several writings, a name with spaces, an empty file and a program. */
const members: readonly ZipMember[] = [
  { name: 'readme.txt', content: 'read me\n' },
  { name: 'ünïcödé/漢字 кот.txt', content: 'größe\n' },
  { name: 'a/b/c/d/e/deep file.bin', content: Uint8Array.from({ length: 70_000 }, (_, at) => at % 251) },
  { name: 'empty', content: '' },
  { name: 'bin/tool.sh', content: '#!/bin/sh\necho tool runs\n', mode: 0o755 },
];

const listing = 'find . -type f | LC_ALL=C sort | while read -r f; do sha256sum "$f" || exit 1; done; pwd; bin/tool.sh';
const kinds = ['zip', 'tar', 'tar.gz'] as const;
type Kind = (typeof kinds)[number];
const ways = ['upload', 'dataurl'] as const;

/** How data get into a container. */
export function describeData(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: data`, () => {
    const parts = useService(start);
    let archives: Record<Kind, Buffer<ArrayBuffer>>;
    let expected: string;
    beforeAll(async () => {
      ({ archives, expected } = await makeArchives());
    });

    const cases = kinds.flatMap((kind) => ways.map((way) => ({ kind, way })));
    test.concurrent.for(cases)(
      'a $kind by $way is unpacked, whatever it is called',
      async ({ kind, way }, { expect }) => {
        const { client } = parts();
        const { id } = await submitData(parts(), { content: archives[kind], way, fileName: 'misnamed.dat' });
        expect(await client.ended(id)).toMatchObject({ exit_code: 0, datapath: '/data' });
        expect(await client.text(`/v1/container/${id}/stdout`)).toBe(`${expected}/data\ntool runs\n`);
        expect(await client.json(`/v1/container/${id}/file`)).toEqual([]);
      },
    );

    test.concurrent.for(ways)('what is no archive lies under its own name: by %s', async (way, { expect }) => {
      const { client } = parts();
      const content = Buffer.from('x;y\n1;2\n');
      const { id } = await submitData(parts(), { content, way, fileName: 'my table.csv', script: 'ls; cat *' });
      await client.ended(id);
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('my table.csv\nx;y\n1;2\n');
    });

    test.concurrent('a dataurl’s Content-Disposition names the file', async ({ expect }) => {
      const { client, web } = parts();
      const headers = { 'content-disposition': 'attachment; filename="named by header.txt"' };
      const dataurl = web.serve('/download?id=7', 'content', headers);
      const { id } = await client.submit({ dataurl, script: 'ls' });
      expect(await client.ended(id)).toMatchObject({ dataurl, data_name: null, data_size: null });
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('named by header.txt\n');
    });

    test.concurrent('datapath says where they land, and is the working directory', async ({ expect }) => {
      const { client } = parts();
      const form = { datapath: '/srv/in put/', script: Buffer.from('pwd; cat readme.txt').toString('base64') };
      const { id } = await client.submitForm(form, { data: { name: 'd.zip', content: archives.zip } });
      expect(await client.ended(id)).toMatchObject({ datapath: '/srv/in put', data_name: 'd.zip' });
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('/srv/in put\nread me\n');
    });

    test.concurrent('they reach an image without a script', async ({ expect }) => {
      const { client } = parts();
      const form = { container_args: 'cat readme.txt' };
      const { id } = await client.submitForm(form, { data: { name: 'd.zip', content: archives.zip } });
      expect(await client.ended(id)).toMatchObject({ exit_code: 0, scriptname: null });
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('read me\n');
    });

    test.concurrent('they belong to the user who runs, who may write everywhere among them', async ({ expect }) => {
      const { client } = parts();
      const script = 'id -un; echo x > new; echo x >> readme.txt; echo x > a/b/new; mkdir made; rm empty; echo ok';
      const form = { user: 'boat', script: Buffer.from(script).toString('base64') };
      const { id } = await client.submitForm(form, { data: { name: 'd.zip', content: archives.zip } });
      expect(await client.ended(id)).toMatchObject({ exit_code: 0 });
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('boat\nok\n');
    });

    test.concurrent('without data, datapath is an empty folder to write to', async ({ expect }) => {
      const { client } = parts();
      const script = 'ls -A /out; echo made > /out/made; echo ok';
      const { id } = await client.submit({ datapath: '/out', user: '1000', script });
      expect(await client.ended(id)).toMatchObject({ exit_code: 0 });
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('ok\n');
      expect(await client.text(`/v1/container/${id}/file/out/made`)).toBe('made\n');
    });

    promiseNothingLeft(parts);
  });
}

interface Data {
  readonly content: Buffer<ArrayBuffer>;
  readonly way: (typeof ways)[number];
  readonly fileName: string;
  readonly script?: string;
}

function submitData(
  { client, web }: SuiteParts,
  { content, way, fileName, script = listing }: Data,
): Promise<Container> {
  if (way === 'upload') {
    const encoded = Buffer.from(script).toString('base64');
    return client.submitForm({ script: encoded }, { data: { name: fileName, content } });
  }
  const path = `/${content.length}/${encodeURIComponent(fileName)}`;
  return client.submit({ script, dataurl: web.serve(path, content) });
}

/** The same files in every kind of archive, the tars made by the system's tar; and what `listing` prints of them. */
async function makeArchives(): Promise<{ archives: Record<Kind, Buffer<ArrayBuffer>>; expected: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'boatload-data-'));
  try {
    const files = join(folder, 'files');
    for (const { name, content, mode = 0o644 } of members) {
      await mkdir(dirname(join(files, name)), { recursive: true });
      await writeFile(join(files, name), content, { mode });
    }
    await run('tar', ['-cf', join(folder, 'tar'), '-C', files, '.']);
    await run('tar', ['-czf', join(folder, 'tar.gz'), '-C', files, '.']);
    const sums = listing.slice(0, listing.indexOf('; pwd'));
    const { stdout: expected } = await run('sh', ['-c', sums], { cwd: files });
    const [tar, tarGz] = await Promise.all([readFile(join(folder, 'tar')), readFile(join(folder, 'tar.gz'))]);
    return { archives: { zip: makeZip(members), tar: Buffer.from(tar), 'tar.gz': Buffer.from(tarGz) }, expected };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
