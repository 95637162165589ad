import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { encodeTarHeader, tarEnd, tarPadding } from '@boatload/engine';
import { expect, test } from 'vitest';
import { logIn, removeAll } from './harness/client.ts';
import { startService } from './harness/service.ts';
import { startWebServer } from './harness/web-server.ts';

const run = promisify(execFile);

/** The guide's shell session, as it stands there. */
async function readSession(): Promise<string> {
  const guide = await readFile(new URL('../docs/data.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? '';
}

function packTexts(): Uint8Array {
  const plain = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: new Date(1e12) } as const;
  const entries = ['one.txt', 'two.txt', 'three.txt'].flatMap((path) => [
    encodeTarHeader({ ...plain, path: Buffer.from(path), size: path.length }),
    Buffer.from(path),
    tarPadding(path.length),
  ]);
  return gzipSync(Buffer.concat([...entries, tarEnd]));
}

test('the session of the guide to data works as it is pasted into a shell', async () => {
  await using service = await startService();
  await using web = await startWebServer();
  const client = await logIn(service.url);
  const folder = await mkdtemp(join(tmpdir(), 'boatload-guide-'));
  try {
    const DATA = web.serve('/texts.tar.gz', packTexts(), { etag: '"texts"' });
    const env = { ...process.env, API: service.url, AUTH: `Authorization: JWT ${client.token}`, DATA };
    const { stdout, stderr } = await run('sh', ['-euc', await readSession()], { cwd: folder, env });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/event: state\n.*"staging".*event: state\n.*"exited".*event: end\n/s);
    const [first = '', firstChanges = '', second = '', secondChanges = ''] = stdout.trim().split('\n').slice(-4);
    expect([first, second]).toEqual(['3', '3']);
    expect(JSON.parse(firstChanges)).toMatchObject([{ path: '/data/by-first', kind: 'added' }]);
    expect(JSON.parse(secondChanges)).toMatchObject([{ path: '/data/by-second', kind: 'added' }]);
  } finally {
    await removeAll(client);
    await rm(folder, { recursive: true, force: true });
  }
});
