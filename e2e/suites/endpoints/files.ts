import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { DirectoryEntry } from '@boatload/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { readProblem } from '../../harness/client.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';

const binary = Buffer.from(randomBytes(12_000_000));
const setUp = `#!/bin/sh
cp blob.bin /opt/copy.bin
printf 0123456789 > ten.txt
printf '<script>alert(1)</script>' > page.html
ln -s /etc/passwd absolute
ln -s ../../../../../../etc/passwd climbing
ln -s absolute chain
ln -s /data folder-link
ln -s /no/such/file dangling
ln -s loop-b loop-a; ln -s loop-a loop-b
ln -s /etc/shadow shadow
mkfifo pipe; mknod device c 1 5; mknod /opt/device c 1 5; mknod /opt/disk b 8 0
mkdir -p 'sub folder/deeper'; echo x > 'sub folder/a file'; chmod 640 'sub folder/a file'
echo done
`;
const cases = ['running', 'exited'] as const;

/** Files of running and exited containers, one by one. */
export function describeFiles(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: files`, () => {
    const parts = useService(start);
    const ids: Record<string, string> = {};
    beforeAll(async () => {
      const { client } = parts();
      const data = { name: 'blob.bin', content: binary };
      for (const when of cases) {
        const content = when === 'running' ? `${setUp}exec sleep 3600\n` : setUp;
        ids[when] = (await client.submitForm({}, { script: { name: 'run', content }, data })).id;
      }
      await Promise.all([client.printed(ids.running ?? '', 'done'), client.ended(ids.exited ?? '')]);
    });

    describe.each(cases)('of a container that is %s', (when) => {
      const pathOf = (path: string): string => `/v1/container/${ids[when]}/file${path}`;
      promiseRanges(parts, pathOf);
      promiseConditions(parts, pathOf);
      promiseLinks(parts, pathOf);
      promiseFolders(parts, pathOf);
    });
    promiseNothingLeft(parts);
  });
}

type PathOf = (path: string) => string;

function promiseRanges(parts: () => SuiteParts, pathOf: PathOf): void {
  const get = (path: string, range: string): Promise<Response> =>
    parts().client.call(pathOf(path), { headers: { range } });

  test.for(['/data/blob.bin', '/opt/copy.bin'])('%s in pieces is the whole, byte for byte', async (path) => {
    const pieces: Buffer[] = [];
    for (const start of [0, 1, 65_536, 5_000_000, 11_999_999].values()) {
      const end = nextStart(start) - 1;
      const answer = await get(path, `bytes=${start}-${end}`);
      expect(answer.status).toBe(206);
      expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/${binary.length}`);
      expect(answer.headers.get('content-length')).toBe(String(end - start + 1));
      pieces.push(Buffer.from(await answer.arrayBuffer()));
    }
    expect(Buffer.concat(pieces).equals(binary)).toBe(true);
    const whole = await parts().client.call(pathOf(path));
    expect(whole.status).toBe(200);
    expect(Buffer.from(await whole.arrayBuffer()).equals(binary)).toBe(true);
  });

  test.for([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=8-500', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['lines=0-1', 200, '0123456789', null],
    ['nonsense', 200, '0123456789', null],
  ] as const)('Range: %s', async ([range, status, text, contentRange]) => {
    const answer = await get('/data/ten.txt', range);
    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      status,
      text,
      contentRange,
    ]);
  });

  test('a range behind the end is refused', async () => {
    const answer = await get('/data/ten.txt', 'bytes=10-');
    expect(answer.headers.get('content-range')).toBe('bytes */10');
    expect(await readProblem(answer)).toMatchObject({ status: 416, code: 'range_not_satisfiable' });
  });
}

function nextStart(start: number): number {
  return [1, 65_536, 5_000_000, 11_999_999, binary.length].find((each) => each > start) ?? binary.length;
}

function promiseConditions(parts: () => SuiteParts, pathOf: PathOf): void {
  test('an ETag saves sending what the client has, and guards ranges', async () => {
    const { client } = parts();
    const path = pathOf('/data/ten.txt');
    const head = await client.call(path, { method: 'HEAD' });
    const etag = head.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    const send = async (headers: Record<string, string>): Promise<unknown> => {
      const answer = await client.call(path, { headers });
      return [answer.status, await answer.text()];
    };
    expect(await send({ 'if-none-match': etag })).toEqual([304, '']);
    expect(await send({ 'if-none-match': `"other", W/${etag}` })).toEqual([304, '']);
    expect(await send({ 'if-none-match': '"other"' })).toEqual([200, '0123456789']);
    expect(await send({ 'if-range': etag, range: 'bytes=0-1' })).toEqual([206, '01']);
    expect(await send({ 'if-range': '"other"', range: 'bytes=0-1' })).toEqual([200, '0123456789']);
    const modified = head.headers.get('last-modified') ?? '';
    expect(await send({ 'if-range': modified, range: 'bytes=0-1' })).toEqual([206, '01']);
  });

  test('HEAD tells size, type and name without the content', async () => {
    const answer = await parts().client.call(pathOf('/data/blob.bin'), { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': '12000000',
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="blob.bin"',
      'last-modified': expect.stringMatching(/GMT$/),
    });
    expect(await answer.text()).toBe('');
  });

  test('a page that the container made cannot act as the viewer', async () => {
    const answer = await parts().client.call(pathOf('/data/page.html'));
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html',
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      'content-disposition': 'attachment; filename="page.html"',
    });
    expect(await answer.text()).toBe('<script>alert(1)</script>');
  });
}

function promiseLinks(parts: () => SuiteParts, pathOf: PathOf): void {
  test.for(['/data/absolute', '/data/climbing', '/data/chain', '/data/folder-link/absolute'])(
    '%s leads to the container’s own /etc/passwd',
    async (path) => {
      const text = await parts().client.text(pathOf(path));
      expect(text).toBe(await parts().client.text(pathOf('/etc/passwd')));
      expect(text).toContain('boat:x:1000:1000');
    },
  );

  test.for(['/data/dangling', '/data/loop-a', '/data/shadow', '/data/ten.txt/below', '/data/none'])(
    '%s leads nowhere, as the container sees it',
    async (path) => {
      const problem = await readProblem(await parts().client.call(pathOf(path)));
      expect(problem).toMatchObject({ status: 404, code: 'file_not_found' });
    },
  );

  test('.. stays in the container, also encoded', async () => {
    for (const path of ['/../../../../etc/passwd', '/%2e%2e/..%2f../etc/passwd', '/data/../../etc/passwd']) {
      expect(await getAsWritten(parts(), pathOf(path))).toContain('boat:x:1000:1000');
    }
  });

  test.for(['/data/pipe', '/opt/device', '/opt/disk', '/data/device'])('%s is no file', async (path) => {
    const answer = await parts().client.call(pathOf(path));
    expect(await readProblem(answer)).toMatchObject({ status: 400, code: 'not_a_file' });
  });
}

function promiseFolders(parts: () => SuiteParts, pathOf: PathOf): void {
  test.for(['/data/sub%20folder', '/data/sub%20folder/', '//data/sub%20folder', '/data/folder-link/sub%20folder'])(
    'a folder is listed: %s',
    async (path) => {
      const entries = await parts().client.json<DirectoryEntry[]>(pathOf(path));
      expect(entries).toMatchObject([
        { name: 'a file', type: 'file', size: 2, mode: 0o640, mtime: expect.stringMatching(/Z$/) },
        { name: 'deeper', type: 'directory' },
      ]);
    },
  );

  test('the root is listed, too, and each kind of entry is told', async () => {
    const { client } = parts();
    const root = await client.json<DirectoryEntry[]>(pathOf('//'));
    expect(root.map(({ name }) => name)).toEqual(expect.arrayContaining(['boatload', 'data', 'etc', 'opt', 'usr']));
    const data = await client.json<DirectoryEntry[]>(pathOf('/data'));
    const types = Object.fromEntries(data.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({ pipe: 'fifo', chain: 'symlink', 'ten.txt': 'file', 'sub folder': 'directory' });
  });
}

/** A request whose path is sent as it is: fetch would resolve `..` itself. */
function getAsWritten({ client }: SuiteParts, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `JWT ${client.token}` };
    const sent = request(client.url, { path, headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve(text);
    });
    sent.on('error', reject).end();
  });
}
