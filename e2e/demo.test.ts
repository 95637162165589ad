import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { logIn } from './harness/client.ts';
import { labelOf, viewEngine } from './harness/engine.ts';
import { until } from './harness/until.ts';

const program = fileURLToPath(new URL('../packages/cli/bin/boatload.js', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boatload-demo-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function startDemo(...args: readonly string[]) {
  return spawn(process.execPath, [program, 'demo', '--data-dir', folder, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Makes sure that somebody listens on the demo's first port; whoever has it already will do, too. */
async function takeFirstPort(): Promise<Server> {
  const server = createServer();
  server.listen(8000, '127.0.0.1');
  await Promise.race([once(server, 'listening'), once(server, 'error')]).catch(() => undefined);
  return server;
}

/** Neither of a container on the Engine nor of the demo's own files. */
async function expectNothingLeft(id: string): Promise<void> {
  await using engine = viewEngine();
  expect(await engine.containersOf(labelOf(id))).toEqual([]);
  expect(await engine.volumesOf(labelOf(id))).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
}

describe('the demo', () => {
  test('goes through the main job on another port if the first is taken, ends, and leaves nothing behind', async () => {
    const server = await takeFirstPort();
    const demo = startDemo('--exit');
    const [story, [code]] = await Promise.all([text(demo.stdout), once(demo, 'exit')]);
    server.close();
    expect(code).toBe(0);
    expect(story).toMatch(/BoatLoad is up at http:\/\/127\.0\.0\.1:80(?!00)\d\d /);
    for (const part of [
      /│ Tromsø +365 days/,
      /state +running on /,
      /state +exited with exit code 0/,
      /added +\/data\/results\/summary\.csv/,
      /modified +\/data\/notes\.txt/,
      /deleted +\/data\/sensor-test\.csv/,
      /│ Wettest: Bergen/,
      /^ +data\/results\/report\.txt$/m,
      /^ +data\/\.wh\.sensor-test\.csv$/m,
      /API +http:\S+\/v1\/container\//,
      /Reference +http:\S+\/docs/,
      /its containers and files are removed/,
    ]) {
      expect(story).toMatch(part);
    }
    const [, id = ''] = /Container ([0-9a-f]{32}) is submitted/.exec(story) ?? [];
    await expectNothingLeft(id);
  });

  test('stays up until it is told to end, and then takes containers of its users with it', async () => {
    const demo = startDemo();
    let story = '';
    demo.stdout.on('data', (chunk: Buffer) => {
      story += chunk.toString();
    });
    await until(
      async () => story,
      (told) => told.includes('stays up'),
      'the demo to stay up',
    );
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(story) ?? [];
    const client = await logIn(url);
    const { id } = await client.submit({ container_args: ['sleep', '600'] });
    await client.reached(id, 'running');
    const ended = once(demo, 'exit');
    demo.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(story).toMatch(/its containers and files are removed/);
    await expectNothingLeft(id);
  });

  test('ends and clears up when nobody reads it any more, as behind head', async () => {
    const demo = startDemo();
    const ended = once(demo, 'exit');
    await once(demo.stdout, 'data');
    demo.stdout.destroy();
    expect(await ended).toEqual([0, null]);
    expect(await readdir(folder)).toEqual([]);
  });
});
