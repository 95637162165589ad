import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  createContainer,
  describeEngine,
  type Engine,
  importImage,
  inspectImage,
  listContainers,
  removeContainer,
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

/** Kept on the Engine, empty as it is: to make and remove it each time would cost every start of ours a second. */
const probeImage = 'boatload/probe';

async function isSeen(engine: Engine, directory: string): Promise<boolean> {
  const image = (await inspectImage(engine, probeImage))?.id ?? (await importImage(engine, probeImage, emptyTar()));
  // A directory has one satellite: what carries its label is what an earlier try of it left.
  const labels = { 'io.boatload.probe': dirname(dirname(directory)) };
  for (const { id } of await listContainers(engine, labels)) await removeContainer(engine, id);
  const mount = { Type: 'bind', Source: directory, Target: '/probe' } as const;
  const creation = { Image: image, Cmd: ['none'], Labels: labels, HostConfig: { Mounts: [mount] } };
  const id = await createContainer(engine, `boatload-probe-${randomUUID()}`, { creation });
  try {
    return (await statArchive(engine, id, Buffer.from('/probe/seen'))) !== undefined;
  } finally {
    await removeContainer(engine, id);
  }
}

async function* emptyTar(): AsyncGenerator<Uint8Array> {
  yield tarEnd;
}
