import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, runBoatload } from './run-boatload.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boatload-up-'));
  await writeFile(join(folder, 'file'), '?');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `boatload up` on a free port, with a data folder of its own. */
function up(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const dataDir = ['--data-dir', join(folder, randomUUID())];
  return runBoatload(['up', '--port', '0', ...dataDir, ...words], { env });
}

describe('boatload up', () => {
  const rows: readonly (readonly [string, () => readonly string[], Record<string, string>, RegExp])[] = [
    [
      'the default password on the network',
      () => ['--host', '0.0.0.0'],
      {},
      /admin\/admin.*ADMINHASH="\$\(boatload hash-password\)" boatload up --host 0\.0\.0\.0/s,
    ],
    ['no Engine', () => ['--docker-host', 'unix:///nowhere.sock'], {}, /Engine.*\n\nNext: {2}docker --host/s],
    ['a data folder that is a file', () => ['--data-dir', join(folder, 'file')], {}, /Next: {2}boatload up --data-dir/],
    ['a data folder below a file', () => ['--data-dir', join(folder, 'file/x')], {}, /Next: {2}boatload up --data-dir/],
    ['a users file that is missing', () => ['--users', join(folder, 'none.json')], {}, /none\.json cannot be read/],
    ['a users file that is broken', () => ['--users', join(folder, 'file')], {}, /wrong at line 1, column 1/],
    ['a hash that a shell has eaten', () => [], { ADMINHASH: 'pbkdf2_sha256' }, /ADMINHASH.*hash-password/],
    [
      'a rule in the environment that is none',
      () => [],
      { BOATLOAD_FETCH_DENY: 'a//b' },
      /from env 'BOATLOAD_FETCH_DENY'/,
    ],
    ['a proxy of the environment that cannot be used', () => [], { https_proxy: 'socks5://x' }, /--fetch-proxy none/],
    ['a default proxy for containers, but none', () => ['--data-proxy-default'], {}, /--data-proxy URL/],
    ['half a log-in for S3', () => ['--fetch-s3', 'data'], { AWS_ACCESS_KEY_ID: 'x' }, /AWS_SECRET_ACCESS_KEY is not/],
  ];
  it.each(rows)('with %s says what to do next, without a stack', async (_what, words, env, sentence) => {
    const { code, stdout, stderr } = await up(words(), env);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(code).toBeGreaterThan(0);
  });

  it('finds the users where the predecessor kept them', async () => {
    const cwd = join(folder, 'predecessor');
    await mkdir(join(cwd, 'data'), { recursive: true });
    await writeFile(join(cwd, 'data', 'data.json'), '?');
    const { code, stderr } = await runBoatload(['up', '--port', '0', '--data-dir', join(folder, randomUUID())], {
      cwd,
    });
    expect(stderr).toContain(join(cwd, 'data', 'data.json'));
    expect(code).toBe(1);
  });

  it('with a port that is taken names the next one', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const { code, stderr } = await up(['--port', String(port)]);
      expect(code).toBe(1);
      expect(stderr).toContain(`127.0.0.1:${port}`);
      expect(stderr).toContain(`Next:  boatload up --port ${port + 1}`);
    } finally {
      other.close();
    }
  });

  it('tells where it listens, and ends with code 0 within five seconds of SIGTERM', async () => {
    let told = 0;
    const { code, stdout } = await runBoatload(['up', '--port', '0', '--data-dir', join(folder, 'good')], {
      onOutput: (text, child) => {
        if (!text.includes('Ctrl-C stops it.')) return;
        told = performance.now();
        child.kill('SIGTERM');
      },
    });
    expect(stdout).toMatch(/API {8}http:\/\/127\.0\.0\.1:\d+\/v1\/container\/\n/);
    expect(stdout).toMatch(/Reference {2}http:\/\/127\.0\.0\.1:\d+\/docs\n/);
    expect(stdout).toContain('admin / admin');
    expect(code).toBe(0);
    expect(performance.now() - told).toBeLessThan(5_000);
  });

  it('that waits for a silent Engine ends soon after SIGTERM all the same', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      const running = runBoatload(
        ['up', '--port', '0', '--data-dir', join(folder, 'silent'), '--docker-host', `tcp://127.0.0.1:${port}`],
        { onStart: (child) => silent.once('connection', () => child.kill('SIGTERM')) },
      );
      await once(silent, 'connection');
      const told = performance.now();
      expect(await running).toMatchObject({ code: 1, stderr: expect.stringContaining('was cut off') });
      expect(performance.now() - told).toBeLessThan(7_000);
    } finally {
      silent.close();
    }
  });
});
