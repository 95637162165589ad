import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Announcer } from '../announcer.mjs';
import { ensureEngine } from '../engine/engine.mjs';
import { requireNode } from '../node-version.mjs';
import { requireSuccess, runLogged } from '../run-logged.mjs';
import { ensureSampleImage } from '../sample-image/sample-image.mjs';

describe('Node', () => {
  test.each(['v20.19.0', 'v20.20.2', 'v22.0.0', 'v24.1.0'])('%s is accepted', (version) => {
    expect(() => requireNode(version)).not.toThrow();
  });

  test.each(['v18.20.4', 'v20.18.3'])('%s is refused, with the commands that install a newer one', (version) => {
    expect(() => requireNode(version)).toThrow(/Debian, Ubuntu.*Fedora.*macOS/s);
  });
});

describe('set-up', () => {
  test('says nothing where an Engine answers and has the sample image', async () => {
    const announcer = new Announcer();
    await ensureSampleImage(announcer, await ensureEngine(announcer));
    expect(announcer.spoke).toBe(false);
  });

  test('tells each thing it does on one line, with its time', async () => {
    const out = new PassThrough();
    const announcer = new Announcer(out);
    announcer.begin('sample image', 'building it').done();
    announcer.begin('Docker Engine', 'starting it').failed();
    out.end();
    expect((await text(out)).split('\n')).toEqual([
      'Setting up BoatLoad',
      expect.stringMatching(/^ {2}sample image {4}building it … +0\.0 s$/),
      expect.stringMatching(/^ {2}Docker Engine {3}starting it … +0\.0 s {2}failed$/),
      '',
    ]);
  });
});

describe('a command', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'boatload-command-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const sh = (script: string) => ({ command: 'sh', args: ['-c', script], log: join(folder, 'logs', 'command.log') });

  test('has both its outputs in its log, and its exit code told', async () => {
    expect(await runLogged(sh('echo out; echo err >&2; exit 3'))).toBe(3);
    expect(readFileSync(join(folder, 'logs', 'command.log'), 'utf8')).toBe('out\nerr\n');
  });

  test('that fails is told with the end of its log, the next step and where the log is', async () => {
    const failing = requireSuccess({ ...sh('seq 100; exit 1'), failed: 'It failed.', next: 'Try this.' });
    await expect(failing).rejects.toThrow(
      /^It failed\.\n\n {2}81\n.* {2}100\n\nTry this\.\nThe whole log: .*command\.log$/s,
    );
  });

  test('that does not exist is told like one that failed', async () => {
    const log = join(folder, 'command.log');
    const missing = requireSuccess({ command: join(folder, 'nothing'), args: [], log, failed: 'No.', next: 'Do.' });
    await expect(missing).rejects.toThrow(/ENOENT/);
  });
});
