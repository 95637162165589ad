import { randomUUID } from 'node:crypto';
import {
  connectEngine,
  encodeTarHeader,
  engineOptionsFromEnvironment,
  importImage,
  inspectImage,
  listContainers,
  type TarHeader,
  tarEnd,
  tarPadding,
} from '@boatload/engine';
import { afterAll, describe, expect, it } from 'vitest';
import { ImageFacts } from '../../src/image/image-facts.ts';
import { sampleImage } from '../harness/engine-rig.ts';

const engine = connectEngine(engineOptionsFromEnvironment(process.env));

afterAll(() => engine.close());

const boat = { uid: 1000, gid: 1000 };
const row = 'stranger:x:7:8::/:/bin/sh\n';

function header(path: string, rest: Partial<TarHeader>): Buffer {
  const plain = { type: 'file', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: new Date(0) } as const;
  return encodeTarHeader({ ...plain, ...rest, path: Buffer.from(path) });
}

async function* usersIn(linkTarget: string): AsyncGenerator<Uint8Array> {
  yield header('users', { type: 'directory' });
  yield header('users/file', { size: row.length });
  yield Buffer.from(row);
  yield tarPadding(row.length);
  yield header('etc/passwd', { type: 'symlink', linkPath: Buffer.from(linkTarget) });
  yield tarEnd;
}

const labels = { 'io.boatload.instance': `test-${randomUUID()}` };

/** Whom «stranger» is, in an image whose list of users is a link; and what stays behind when that was found out. */
async function findStranger(linkTarget: string): Promise<unknown> {
  const id = await importImage(engine, `boatload-test/users-${randomUUID()}`, { bytes: usersIn(linkTarget) });
  try {
    return await new ImageFacts(engine, labels).ownerOf({ name: 'an-image', id }, 'stranger');
  } finally {
    await engine.json({ method: 'DELETE', path: `/images/${id}` });
  }
}

describe('the users of an image', () => {
  it('are read where a symbolic link leads', async () => {
    expect(await findStranger('/users/file')).toEqual({ uid: 7, gid: 8 });
  });

  it('are found without a trace', async () => {
    await findStranger('/users/file');
    expect(await listContainers(engine, labels)).toEqual([]);
  });

  it('are looked up once, however many ask', async () => {
    const facts = new ImageFacts(engine, labels);
    const image = { name: sampleImage, id: (await inspectImage(engine, sampleImage))?.id ?? '' };
    const owners = await Promise.all([1, 2, 3].map(() => facts.ownerOf(image, 'boat')));
    expect(owners).toEqual([boat, boat, boat]);
    const nowhere = { name: sampleImage, id: image.id };
    expect(await facts.ownerOf(nowhere, 'boat', { signal: AbortSignal.abort() })).toEqual(boat);
  });

  it('are none where a directory of any size stands for them', async () => {
    await expect(findStranger('/users')).rejects.toMatchObject({ code: 'user_not_found' });
  });
});
