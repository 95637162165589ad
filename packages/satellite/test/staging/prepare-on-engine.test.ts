import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AttemptOrder, Satellite } from '@boatload/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderChanges } from '../../src/conformance/index.ts';
import { changesOf, outputOf, runToEnd } from '../../src/conformance/run-order.ts';
import { permitName } from '../../src/state/attempt-store.ts';
import { EngineRig } from '../harness/engine-rig.ts';
import { serve } from '../harness/http-server.ts';
import { makeTemporaryDirectory } from '../harness/temporary-directory.ts';
import { writeZip } from '../harness/zip-writer.ts';

const run = promisify(execFile);
const listing =
  'find . -mindepth 1 \\( -type d -printf "d %m %u - %P\\n" -o -printf "%y %m %u %s %P\\n" \\) | LC_ALL=C sort';

let rig: EngineRig;
let satellite: Satellite;

beforeAll(async () => {
  rig = await EngineRig.open();
  satellite = await rig.satellite();
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** Runs an order to its end, removes it, and gives back its output. */
async function outputOfRun(changes: OrderChanges): Promise<string> {
  const order = rig.order(changes);
  try {
    await runToEnd(satellite, order);
    const { stdout, stderr } = await outputOf(satellite, order.ref);
    return stdout + stderr;
  } finally {
    await satellite.remove(order.ref);
  }
}

async function inspectPrepared(order: AttemptOrder): Promise<Record<string, Record<string, unknown>>> {
  await satellite.prepare(order);
  const path = `/containers/${permitName(order.ref, 1)}/json`;
  // A validated edge: a test reads what it knows the Engine to answer.
  return (await rig.engine.json({ method: 'GET', path })) as Record<string, Record<string, unknown>>;
}

describe('a script', () => {
  it.each<[string, string, Partial<NonNullable<OrderChanges['script']>>, string]>([
    ['its shebang', '#!/bin/echo ran by\n', {}, 'ran by /boatload/script x\n'],
    ['node, for .js', 'console.log(process.argv.length)', { name: 'a.js' }, '3\n'],
    ['sh, for .sh', 'echo "$0 $1"', { name: 'a.sh' }, '/boatload/a.sh x\n'],
    ['node, for a file submitted as .js', 'console.log(1)', { fileName: 'b.js' }, '1\n'],
    ['its interpreter', 'x y', { interpreter: ['cat'] }, 'x y'],
    ['/bin/sh if nothing says how', 'echo "$1"', {}, 'x\n'],
  ])('is run by %s', async (_title, text, script, output) => {
    const source = rig.upload(text);
    const args = script.interpreter === undefined ? ['x'] : [];
    expect(await outputOfRun({ script: { name: 'script', source, ...script }, args })).toBe(output);
  });

  it('that is a program is run as it is', async () => {
    const source = rig.upload(await readFile('/bin/true'));
    expect(await outputOfRun({ script: { name: 'program', source } })).toBe('');
  });

  it('is run behind an entrypoint that was given', async () => {
    const script = { name: 's', source: rig.upload('echo $PREFIX "$1"') };
    expect(await outputOfRun({ entrypoint: ['env', 'PREFIX=p'], script, args: ['x y'] })).toBe('p x y\n');
  });

  it('with Windows line ends is refused before anything is made', async () => {
    const order = rig.order({ script: { name: 's', source: rig.upload('#!/bin/sh\r\necho\r\n') } });
    await expect(satellite.prepare(order)).rejects.toMatchObject({ code: 'script_crlf' });
    expect(await rig.leftovers(order.ref)).toEqual([]);
  });

  it('may be large', async () => {
    const text = `#!/bin/sh\necho begin\n${`# ${'x'.repeat(97)}\n`.repeat(100_000)}echo end\n`;
    expect(await outputOfRun({ script: { name: 's', source: rig.upload(text) } })).toBe('begin\nend\n');
  });

  it('and data are fetched from URLs, under the names that these say', async () => {
    await using server = await serve((request, response) => {
      response.end(request.url === '/run.js' ? "console.log(require('fs').readdirSync('.').join())" : 'a,b\n');
    });
    const script = { name: 'script', source: { kind: 'url', url: `${server.url}/run.js` } } as const;
    const data = { source: { kind: 'url', url: `${server.url}/values.csv?key=1` } } as const;
    expect(await outputOfRun({ script, data, datapath: '/data' })).toBe('values.csv\n');
  });
});

describe('data', () => {
  const zip = writeZip([
    { name: 'grüße/✓ %?.txt', content: 'hello', deflate: true },
    { name: 'run.sh', content: 'x', mode: 0o100755 },
    { name: Buffer.from('caf\xe9', 'latin1'), content: '12' },
  ]);

  it('as a zip are unpacked, and belong to the user', async () => {
    const source = rig.upload(zip);
    const changes = { args: ['sh', '-c', listing], data: { source }, datapath: '/in/put', user: 'boat' };
    expect(await outputOfRun(changes)).toBe(
      ['d 755 boat - grüße', 'f 644 boat 2 caf\ufffd', 'f 644 boat 5 grüße/✓ %?.txt', 'f 755 boat 1 run.sh', ''].join(
        '\n',
      ),
    );
  });

  it.each(['-c', '-cz'])('as a tar (%s) are unpacked with links and modes', async (mode) => {
    await using dir = await makeTemporaryDirectory();
    await mkdir(join(dir.path, 'sub'));
    await writeFile(join(dir.path, 'sub', 'file'), 'content');
    await chmod(join(dir.path, 'sub', 'file'), 0o500);
    await run('ln', ['-s', 'sub/file', join(dir.path, 'link')]);
    await run('ln', [join(dir.path, 'sub/file'), join(dir.path, 'hard')]);
    const { stdout } = await run('tar', ['-C', dir.path, mode, '.'], { encoding: 'buffer' });
    const changes = { args: ['sh', '-c', listing], data: { source: rig.upload(stdout) }, datapath: '/data' };
    expect(await outputOfRun({ ...changes, user: '1000:1000' })).toBe(
      ['d 755 boat - sub', 'f 500 boat 7 hard', 'f 500 boat 7 sub/file', 'l 777 boat 8 link', ''].join('\n'),
    );
  });

  it('that are no archive are placed under their own name, made safe', async () => {
    const data = { source: rig.upload('x'), fileName: '../../etc/cron.d/evil' };
    expect(await outputOfRun({ args: ['sh', '-c', listing], data, datapath: '/data' })).toBe('f 644 root 1 evil\n');
  });

  it.each<[string, Buffer, string]>([
    ['a zip-slip', writeZip([{ name: '../evil' }]), 'archive_unsafe'],
    ['a symbolic link in a zip', writeZip([{ name: 'l', content: '/', mode: 0o120777 }]), 'archive_unsafe'],
    ['a zip bomb', writeZip([{ name: 'a', content: Buffer.alloc(80_000_000), deflate: true }]), 'archive_too_large'],
    ['a broken zip', writeZip([{ name: 'a', content: 'x' }]).subarray(0, -10), 'archive_invalid'],
  ])('with %s leave nothing behind', async (_title, bytes, code) => {
    const order = rig.order({ args: ['true'], data: { source: rig.upload(bytes) }, datapath: '/data' });
    await expect(satellite.prepare(order)).rejects.toMatchObject({ code });
    expect(await rig.leftovers(order.ref)).toEqual([]);
  });

  it('are no changes, nor is where they lie; what the container makes of them is', async () => {
    const args = ['sh', '-c', 'rm run.sh; echo more >> "$(printf "caf\\351")"; mkdir ../beside'];
    const order = rig.order({ args, data: { source: rig.upload(zip) }, datapath: '/in/put' });
    await runToEnd(satellite, order);
    const changes = await changesOf(satellite, order.ref);
    expect(
      changes.filter(({ path }) => path !== '/in/put').map(({ kind, path_b64, path }) => [kind, path_b64 ?? path]),
    ).toEqual([
      ['added', '/in/beside'],
      ['modified', Buffer.from('/in/put/caf\xe9', 'latin1').toString('base64')],
      ['deleted', '/in/put/run.sh'],
    ]);
    await satellite.remove(order.ref);
  });
});

describe('an image with volumes', () => {
  const image = `boatload-test-${randomBytes(4).toString('hex')}:volumes`;

  beforeAll(async () => {
    const order = rig.order({
      args: ['sh', '-c', 'mkdir /vol /seen; echo image > /vol/file; echo image > /seen/file'],
    });
    await runToEnd(satellite, order);
    const [repo, tag] = image.split(':');
    const query = {
      container: permitName(order.ref, 1),
      repo,
      tag,
      changes: 'VOLUME ["/vol","/seen/"]\nUSER boat\nENTRYPOINT []\nCMD ["true"]',
    };
    await rig.engine.json({ method: 'POST', path: '/commit', query });
    await satellite.remove(order.ref);
  });

  afterAll(async () => {
    await rig.engine.json({ method: 'DELETE', path: `/images/${image}`, query: { force: true } });
  });

  it('shows what changed in them, and removes them', async () => {
    const args = ['sh', '-c', 'cat /vol/file; ls -A /seen; rm /vol/file; touch /vol/new'];
    const order = rig.order({ image, args, user: 'root', datapath: '/seen' });
    await runToEnd(satellite, order);
    expect((await outputOf(satellite, order.ref)).stdout).toBe('image\n');
    const changes = await changesOf(satellite, order.ref);
    expect(changes.filter(({ type }) => type !== 'directory').map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'deleted /vol/file',
      'added /vol/new',
    ]);
    const { Mounts } = (await rig.engine.json({
      method: 'GET',
      path: `/containers/${permitName(order.ref, 1)}/json`,
    })) as { Mounts: { Name: string }[] };
    await satellite.remove(order.ref);
    for (const { Name } of Mounts) {
      await expect(rig.engine.json({ method: 'GET', path: `/volumes/${Name}` })).rejects.toMatchObject({
        code: 'engine_error',
      });
    }
  });

  it('and a user of its own gets mounts that this user can write', async () => {
    const args = ['sh', '-c', 'id -un; touch /data/new'];
    expect(await outputOfRun({ image, args, datapath: '/data' })).toBe('boat\n');
  });
});

describe('the container', () => {
  it('has no more rights and resources than it should, and is marked as ours', async () => {
    const labels = { mine: 'yes', 'io.boatload.instance': 'forged', 'io.boatload.container': 'forged' };
    const order = rig.order({ args: ['true'], labels, cpus: 0.5, memory: 67_108_864 });
    const { HostConfig, Config } = await inspectPrepared(order);
    expect(HostConfig).toMatchObject({
      NanoCpus: 500_000_000,
      Memory: 67_108_864,
      MemorySwap: 67_108_864,
      PidsLimit: 4_096,
      SecurityOpt: ['no-new-privileges'],
      CapAdd: null,
      Privileged: false,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'local', Config: { 'max-size': '1g', 'max-file': '2' } },
    });
    expect(Config).toMatchObject({ Tty: false, OpenStdin: false, AttachStdin: false });
    expect(Config?.Labels).toMatchObject({
      mine: 'yes',
      'io.boatload.instance': rig.instance,
      'io.boatload.container': order.ref.container,
      'io.boatload.attempt': '1',
    });
  });

  it.each<[string, OrderChanges, string]>([
    ['more processors than there are', { cpus: 4_000 }, 'resources_unavailable'],
    ['too little memory', { memory: 1_000_000 }, 'resources_unavailable'],
    ['a group that is not there', { user: 'boat:no-such-group' }, 'user_not_found'],
  ])('that asks for %s is refused with %s', async (_title, changes, code) => {
    const order = rig.order({ args: ['true'], ...changes });
    await expect(satellite.prepare(order)).rejects.toMatchObject({ code });
    expect(await rig.leftovers(order.ref)).toEqual([]);
  });

  it('that exceeds its memory says so', async () => {
    const script = { name: 'a.js', source: rig.upload('const a = []; for (;;) a.push(Buffer.alloc(1e6, 1));') };
    const order = rig.order({ script, memory: 67_108_864 });
    expect(await runToEnd(satellite, order)).toMatchObject({ oomKilled: true, exitCode: 137 });
    await satellite.remove(order.ref);
  });

  it('may use the working directory of its image, of the order, or that of its data', async () => {
    const data = { source: rig.upload('x') };
    expect(await outputOfRun({ args: ['pwd'] })).toBe('/\n');
    expect(await outputOfRun({ args: ['pwd'], datapath: '/data' })).toBe('/\n');
    expect(await outputOfRun({ args: ['pwd'], data, datapath: '/data/' })).toBe('/data\n');
    expect(await outputOfRun({ args: ['pwd'], data, datapath: '/data', workdir: '/tmp' })).toBe('/tmp\n');
  });
});
