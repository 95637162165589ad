import type { ChangedFile, Container, FileChange, Metrics, Output } from '@boatload/contract';
import { decodeTar } from '@boatload/engine';
import { beforeAll, describe, expect, test } from 'vitest';
import { readProblem } from '../../harness/client.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';
import { makeZip } from '../../harness/zip-file.ts';

const scriptOf = (end: string): string => `#!/bin/sh
echo "hello, $1"
echo trouble >&2
echo made > made.txt
echo more >> given.txt
rm gone.txt /etc/nsswitch.conf
mkdir -p /opt/new
printf deep > /opt/new/deep.txt
echo done
${end}
`;

const scripts = { running: scriptOf('exec sleep 3600'), exited: scriptOf('exit 3') } as const;
const given = makeZip(['given.txt', 'gone.txt', 'untouched.txt'].map((name) => ({ name, content: `${name}\n` })));
const cases = [
  { when: 'running', how: 'JSON' },
  { when: 'running', how: 'a form' },
  { when: 'exited', how: 'JSON' },
  { when: 'exited', how: 'a form' },
] as const;
type Case = (typeof cases)[number];

/** Each endpoint below /v1/container/, for containers that run and that have exited, submitted in both ways. */
export function describeEveryEndpoint(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: every endpoint`, () => {
    const parts = useService(start);
    const ids = new Map<Case, string>();
    const pathOf = (each: Case, path: string): string => `/v1/container/${ids.get(each)}${path}`;

    beforeAll(async () => {
      await Promise.all(cases.map(async (each) => ids.set(each, (await submit(parts(), each)).id)));
      await Promise.all(cases.map((each) => reachGoal(parts(), each, ids.get(each) ?? '')));
    });

    describe.each(cases)('of a container that is $when, submitted as $how', (each) => {
      test('info tells what was asked for and how it is', async () => {
        const { client } = parts();
        const info = await client.json<Container>(pathOf(each, '/'));
        expect(info).toMatchObject({
          id: ids.get(each),
          name: 'every-endpoint',
          owner: 'admin',
          state: each.when,
          exit_code: each.when === 'exited' ? 3 : null,
          attempt: 1,
          image_name: 'boatload/sample',
          scriptname: 'script',
          script_size: scripts[each.when].length,
          datapath: '/data',
          container_args: ['big world'],
          restart: 'no',
          pull: 'never',
          warnings: [],
        });
        expect(await client.json(pathOf(each, ''))).toEqual(info);
        const list = await client.json<Container[]>('/v1/container/');
        expect(list.find(({ id }) => id === ids.get(each))).toEqual(info);
      });

      test('state tells it in three languages', async () => {
        const state = await parts().client.json(pathOf(each, '/state'));
        expect(state).toMatchObject({
          state: each.when,
          attempt: 1,
          docker_state: { Running: each.when === 'running' },
        });
        expect(await parts().client.json(pathOf(each, '/state/'))).toEqual(state);
      });

      test('stdout gives the output, as JSON with stderr beside it', async () => {
        const { client } = parts();
        const output = 'hello, big world\ndone\n';
        const json = { headers: { accept: 'application/json' } };
        expect(await client.text(pathOf(each, '/stdout'))).toBe(output);
        expect(await client.text(pathOf(each, '/stdout/'))).toBe(output);
        expect(await client.json<Output>(pathOf(each, '/stdout'), json)).toEqual({
          stdout: output,
          stderr: 'trouble\n',
        });
      });

      test('script gives the script as it was submitted', async () => {
        expect(await parts().client.text(pathOf(each, '/script'))).toBe(scripts[each.when]);
      });

      test('metrics tell the use of resources', async () => {
        const metrics = await parts().client.json<Metrics>(pathOf(each, '/metrics'));
        expect(metrics.running).toBe(each.when === 'running');
        expect(metrics.pids.current > 0).toBe(each.when === 'running');
      });

      test('changes list what the container added, modified and deleted, and nothing that we put there', async () => {
        const changes = await parts().client.json<FileChange[]>(pathOf(each, '/changes'));
        expect(changes.filter(({ type }) => type !== 'directory').map(({ path, kind }) => [path, kind])).toEqual([
          ['/data/given.txt', 'modified'],
          ['/data/gone.txt', 'deleted'],
          ['/data/made.txt', 'added'],
          ['/etc/nsswitch.conf', 'deleted'],
          ['/opt/new/deep.txt', 'added'],
        ]);
        const deep = changes.find(({ path }) => path === '/opt/new/deep.txt');
        expect(deep).toMatchObject({ type: 'file', size: 4, mode: 0o644, mtime: expect.stringMatching(/^\d{4}-.*Z$/) });
        expect(changes.find(({ path }) => path === '/opt/new')).toMatchObject({ kind: 'added', type: 'directory' });
        expect(changes.find(({ path }) => path === '/data/gone.txt')).toEqual({
          path: '/data/gone.txt',
          kind: 'deleted',
          type: null,
          size: null,
          mode: null,
          mtime: null,
        });
      });

      test('changes come in pages, linked to each other', async () => {
        const { client } = parts();
        const all = await client.json<FileChange[]>(pathOf(each, '/changes'));
        const paged: FileChange[] = [];
        for (let path: string | undefined = pathOf(each, '/changes?limit=4'); path !== undefined; ) {
          const answer = await client.call(path);
          const page = JSON.parse(await answer.text()) as FileChange[];
          expect(page.length).toBeLessThanOrEqual(4);
          paged.push(...page);
          path = /^<(.+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
        }
        expect(paged).toEqual(all);
      });

      test('file lists the changed files, and both the path and the number lead to their content', async () => {
        const { client } = parts();
        const files = await client.json<ChangedFile[]>(pathOf(each, '/file'));
        expect(files.map(({ number, path, size }) => [number, path, size])).toEqual([
          [0, '/data/given.txt', 15],
          [1, '/data/made.txt', 5],
          [2, '/opt/new/deep.txt', 4],
        ]);
        const contents = ['given.txt\nmore\n', 'made\n', 'deep'];
        for (const { number, path } of files) {
          expect(await client.text(pathOf(each, `/file${path}`))).toBe(contents[number]);
        }
        expect(await client.text(pathOf(each, '/filebynum/0'))).toBe(contents[0]);
        expect(await client.text(pathOf(each, '/filebynum/2/'))).toBe(contents[2]);
        const beyond = await client.call(pathOf(each, '/filebynum/3'));
        expect(await readProblem(beyond)).toMatchObject({ status: 404, code: 'file_not_found' });
      });

      test('file reads what the container did not change, too', async () => {
        const { client } = parts();
        expect(await client.text(pathOf(each, '/file//data/untouched.txt'))).toBe('untouched.txt\n');
        expect(await client.text(pathOf(each, '/file//etc/passwd'))).toContain('boat:x:1000:1000');
        expect(await client.text(pathOf(each, '/file//boatload/script'))).toBe(scripts[each.when]);
      });

      test('archive holds every change, deletions as whiteouts', async () => {
        const answer = await parts().client.call(pathOf(each, '/archive'));
        expect(answer.headers.get('content-type')).toBe('application/x-tar');
        const names: string[] = [];
        if (answer.body === null) throw new Error('the archive has no body');
        for await (const entry of decodeTar(answer.body)) {
          if (entry.type !== 'directory') names.push(Buffer.from(entry.path).toString());
        }
        expect(names.sort()).toEqual([
          'data/.wh.gone.txt',
          'data/given.txt',
          'data/made.txt',
          'etc/.wh.nsswitch.conf',
          'opt/new/deep.txt',
        ]);
      });

      test('DELETE takes it away for good', async () => {
        const { client } = parts();
        const deleted = await client.call(pathOf(each, '/'), { method: 'DELETE' });
        expect([deleted.status, await deleted.text()]).toEqual([204, '']);
        for (const path of ['/', '/state', '/stdout', '/script', '/metrics', '/changes', '/file', '/archive']) {
          const answer = await client.call(pathOf(each, path));
          expect(await readProblem(answer), path).toMatchObject({ status: 404, code: 'container_not_found' });
        }
      });
    });

    promiseNothingLeft(parts);
  });
}

async function submit({ client, web }: SuiteParts, { when, how }: Case): Promise<Container> {
  const script = scripts[when];
  const args = "'big world'";
  if (how === 'JSON') {
    const dataurl = web.serve('/given.zip', given);
    return client.submit({ name: 'every-endpoint', script, dataurl, container_args: args });
  }
  const files = { script: { name: 'run', content: script }, data: { name: 'given.zip', content: given } };
  return client.submitForm({ name: 'every-endpoint', container_args: args }, files);
}

async function reachGoal({ client }: SuiteParts, { when }: Case, id: string): Promise<void> {
  if (when === 'exited') await client.ended(id);
  else await client.printed(id, 'done');
}
