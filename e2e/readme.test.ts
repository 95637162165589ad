import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { logIn } from './harness/client.ts';
import { startService } from './harness/service.ts';

const run = promisify(execFile);

/** The README's shell session, as it stands there. */
async function readSession(): Promise<string> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? '';
}

test("the README's first session works as it is pasted into a shell", async () => {
  await using service = await startService();
  const folder = await mkdtemp(join(tmpdir(), 'boatload-readme-'));
  try {
    const env = { ...process.env, API: service.url };
    const { stdout, stderr } = await run('sh', ['-euc', await readSession()], { cwd: folder, env });
    expect(stderr).toBe('');
    const output = stdout.split('\n');
    expect(output.slice(0, 2)).toEqual(['dog.txt: 5 words', 'fox.txt: 4 words']);
    expect(JSON.parse(output[2] ?? '')).toMatchObject({ state: 'exited', docker_state: { ExitCode: 0 } });
    expect(JSON.parse(output[3] ?? '')).toMatchObject([{ path: '/data/counts.log', kind: 'added' }]);
    expect(output.slice(4)).toEqual(['dog.txt: 5 words', 'fox.txt: 4 words', 'data/counts.log', '']);
    const client = await logIn(service.url);
    expect(await client.json('/v1/container/')).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
