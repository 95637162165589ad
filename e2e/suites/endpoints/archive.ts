import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readProblem } from '../../harness/client.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, useService } from '../../harness/suite.ts';
import { makeZip } from '../../harness/zip-file.ts';

const run = promisify(execFile);
const trees = 'opt/tree data/tree';

/** Path, kind, permissions, size, time and target of all in the trees, then the sums of all files, NUL between. */
const describeTrees = `find ${trees} \\( -type d -printf '%p %y %m %Ts\\0' -o -printf '%p %y %m %s %Ts %l %n\\0' \\) | sort -z
find ${trees} -type f -print0 | sort -z | xargs -0 sha256sum -z`;

const makeTree = `#!/bin/bash
set -e
make() {
  mkdir -p "$1/sub/deep" "$1/empty"
  cd "$1"
  echo text > plain.txt
  : > nothing
  head -c 3000000 /dev/urandom > sub/big.bin
  chmod 600 plain.txt; chmod 4755 nothing; chmod 1777 empty; chmod 750 sub
  ln -s ../plain.txt sub/relative; ln -s /etc/passwd absolute; ln -s nowhere dangling
  ln plain.txt hard
  echo odd > $'new\\nline % ? \\xff\\xe9'
  echo long > "sub/deep/$(printf 'n%.0s' $(seq 1 200))"
  mkdir -p "sub/$(printf 'd%.0s' $(seq 1 150))/$(printf 'e%.0s' $(seq 1 150))"
  echo far > "sub/$(printf 'd%.0s' $(seq 1 150))/$(printf 'e%.0s' $(seq 1 150))/far"
  touch -d '2001-02-03 04:05:06 UTC' plain.txt sub/deep
  chown 1000:1000 sub/big.bin
}
make /opt/tree
make /data/tree
rm /data/gone.txt /etc/nsswitch.conf
rm -r /data/old /etc/alternatives
cd /
LC_ALL=C; export LC_ALL
{ ${describeTrees.replaceAll('\n', '; ')}; } | base64 -w 0
echo
`;

const data = makeZip(['gone.txt', 'kept.txt', 'old/a', 'old/b/c'].map((name) => ({ name, content: `was in ${name}` })));
const cases = ['running', 'exited'] as const;

/** All changes as one archive, unpacked by GNU tar. */
export function describeArchive(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: archive`, () => {
    const parts = useService(start);
    const ids: Record<string, string> = {};
    let folder = '';
    beforeAll(async () => {
      const { client } = parts();
      folder = await mkdtemp(join(tmpdir(), 'boatload-archive-'));
      for (const when of cases) {
        const content = when === 'running' ? `${makeTree}exec sleep 3600\n` : makeTree;
        const files = { script: { name: 'run', content }, data: { name: 'data.zip', content: data } };
        ids[when] = (await client.submitForm({ name: `tree-${when}` }, files)).id;
      }
      await Promise.all([client.printed(ids.running ?? '', '\n'), client.ended(ids.exited ?? '')]);
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const fetchArchive = async (when: string, query = '', accept = '*/*'): Promise<Response> =>
      parts().client.call(`/v1/container/${ids[when]}/archive${query}`, { headers: { accept } });

    describe.each(cases)('of a container that is %s', (when) => {
      let file = '';
      let listing: string[] = [];
      beforeAll(async () => {
        file = join(folder, `${when}.tar`);
        await writeFile(file, Buffer.from(await (await fetchArchive(when)).arrayBuffer()));
        const { stdout } = await run('tar', ['-t', '--quoting-style=escape', '-f', file]);
        listing = stdout.trimEnd().split('\n');
      });

      test('GNU tar unpacks it to exactly what the container has', async () => {
        const target = join(folder, when);
        await mkdir(target);
        await run('tar', ['-xpf', file, '-C', target]);
        const seen = await run('sh', ['-c', describeTrees], {
          cwd: target,
          env: { ...process.env, LC_ALL: 'C' },
          encoding: 'buffer',
        });
        const output = await parts().client.text(`/v1/container/${ids[when]}/stdout`);
        const expected = Buffer.from(output, 'base64').toString('latin1').split('\0');
        expect(seen.stdout.toString('latin1').split('\0')).toEqual(expected);
        expect(expected.length).toBeGreaterThan(40);
      });

      test('it keeps the owners', async () => {
        const { stdout } = await run('tar', ['-tv', '--numeric-owner', '-f', file]);
        expect(stdout).toMatch(/1000\/1000 +3000000 .+ opt\/tree\/sub\/big\.bin/);
        expect(stdout).toMatch(/0\/0 .+ data\/tree\/nothing/);
      });

      test('deletions are whiteouts, of a whole folder as one', () => {
        const whiteouts = listing.filter((each) => each.includes('.wh.'));
        expect(whiteouts.sort()).toEqual([
          'data/.wh.gone.txt',
          'data/.wh.old',
          'etc/.wh.alternatives',
          'etc/.wh.nsswitch.conf',
        ]);
      });

      test('it has nothing that the container did not change, each path once, folders before what is in them', () => {
        const files = listing.filter(
          (each) => !each.endsWith('/') && !each.includes('/tree/') && !each.includes('.wh.'),
        );
        expect(files).toEqual([]);
        expect(new Set(listing).size).toBe(listing.length);
        const early = listing.filter((path, at) => listing.indexOf(`${path.split('/').slice(0, -1).join('/')}/`) > at);
        expect(early).toEqual([]);
      });

      test.for([
        ['?format=tar.gz', '*/*'],
        ['', 'application/gzip'],
        ['', 'application/x-gzip;q=0.9, application/x-tar;q=0.5'],
      ] as const)('it comes compressed by %s %s', async ([query, accept]) => {
        const answer = await fetchArchive(when, query, accept);
        expect(answer.headers.get('content-type')).toBe('application/gzip');
        expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="tree-${when}.tar.gz"`);
        const path = join(folder, 'again.tar');
        await writeFile(path, gunzipSync(Buffer.from(await answer.arrayBuffer())));
        const { stdout } = await run('tar', ['-t', '--quoting-style=escape', '-f', path]);
        expect(stdout.trimEnd().split('\n')).toEqual(listing);
      });
    });

    test('HEAD tells type and name', async () => {
      const { client } = parts();
      const answer = await client.call(`/v1/container/${ids.exited}/archive`, { method: 'HEAD' });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
      expect(answer.headers.get('content-type')).toBe('application/x-tar');
      expect(answer.headers.get('content-length')).toBeNull();
      expect(answer.headers.get('content-disposition')).toBe('attachment; filename="tree-exited.tar"');
    });

    test('what is no format of it is refused', async () => {
      expect(await readProblem(await fetchArchive('exited', '?format=rar'))).toMatchObject({ code: 'invalid_query' });
      const refused = await fetchArchive('exited', '', 'image/png');
      expect(await readProblem(refused)).toMatchObject({ status: 406, code: 'not_acceptable' });
    });

    promiseNothingLeft(parts);
  });
}
