import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createContainer,
  describeEngine,
  type Engine,
  importImage,
  removeContainer,
  removeImage,
  statArchive,
  tarEnd,
} from '@boatload/engine';
import type { SatelliteLog } from '../satellite-log.ts';

/** Where these are on, a file of this machine is not simply a file of a container. */
const translating = /name=(?:userns|rootless|selinux)/;

/**
 * Whether the Engine has a directory of this machine at the same path, as it is, so that a container can have
 * parts of it mounted. It is tried: a container that is never started must see a new file in it. Not so for
 * Engines on other machines, in virtual machines, or for other users.
 */
export async function isSharedDirectory(engine: Engine, directory: string, log: SatelliteLog): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const probe = await mkdtemp(join(directory, 'probe-'));
  try {
    const { securityOptions } = await describeEngine(engine);
    if (securityOptions.some((option) => translating.test(option))) return false;
    await mkdir(join(probe, 'mount'));
    await writeFile(join(probe, 'mount', 'seen'), '');
    return await isSeen(engine, join(probe, 'mount'));
  } catch (error) {
    log.info({ err: error }, 'the Engine does not share our directories, volumes are filled through its API');
    return false;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

async function isSeen(engine: Engine, directory: string): Promise<boolean> {
  const name = `boatload-probe-${randomUUID()}`;
  const image = await importImage(engine, name, emptyTar());
  try {
    const mount = { Type: 'bind', Source: directory, Target: '/probe' } as const;
    const creation = { Image: image, Cmd: ['none'], HostConfig: { Mounts: [mount] } };
    const id = await createContainer(engine, name, { creation });
    try {
      return (await statArchive(engine, id, Buffer.from('/probe/seen'))) !== undefined;
    } finally {
      await removeContainer(engine, id);
    }
  } finally {
    await removeImage(engine, name);
  }
}

async function* emptyTar(): AsyncGenerator<Uint8Array> {
  yield tarEnd;
}
