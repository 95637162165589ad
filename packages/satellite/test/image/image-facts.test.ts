import { randomUUID } from 'node:crypto';
import {
  connectEngine,
  createContainer,
  encodeTarHeader,
  engineOptionsFromEnvironment,
  putArchive,
  removeContainer,
  type TarHeader,
  tarEnd,
  tarPadding,
} from '@boatload/engine';
import { afterAll, describe, expect, it } from 'vitest';
import { ImageFacts } from '../../src/image/image-facts.ts';
import { sampleImage } from '../harness/engine-rig.ts';

const engine = connectEngine(engineOptionsFromEnvironment(process.env));

afterAll(() => engine.close());

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

/** Whom «stranger» is, in a container whose list of users is a link. */
async function findStranger(linkTarget: string): Promise<unknown> {
  const id = await createContainer(engine, `boatload-test-${randomUUID()}`, { creation: { Image: sampleImage } });
  try {
    await putArchive(engine, id, Buffer.from('/'), { bytes: usersIn(linkTarget) });
    return await new ImageFacts(engine).ownerOf({ id, image: sampleImage, imageId: randomUUID() }, 'stranger');
  } finally {
    await removeContainer(engine, id);
  }
}

describe('the users of an image', () => {
  it('are read where a symbolic link leads', async () => {
    expect(await findStranger('/users/file')).toEqual({ uid: 7, gid: 8 });
  });

  it('are none where a directory of any size stands for them', async () => {
    await expect(findStranger('/users')).rejects.toMatchObject({ code: 'user_not_found' });
  });
});
