import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Milliseconds that the Engine has for all of it: one that hangs must not keep the satellite from starting. */
const patience = 30_000;

/** Where these are on, a file of this machine is not simply a file of a container. */
const translating = /name=(?:userns|rootless|selinux)/;

/**
 * Whether the Engine has a directory of this machine at the same path, as it is, so that a container can have
 * parts of it mounted. It is tried: a container that is never started must see a new file in it. Not so for
 * Engines on other machines, in virtual machines, or for other users, nor for one that does not answer.
 * @param directory where the file is made and removed again; one try at a time
 */
export async function isSharedDirectory(engine: Engine, directory: string, log: SatelliteLog): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const probe = await mkdtemp(join(directory, 'probe-'));
  try {
    const signal = AbortSignal.timeout(patience);
    const { securityOptions } = await describeEngine(engine, { signal });
    if (securityOptions.some((option) => translating.test(option))) return false;
    await mkdir(join(probe, 'mount'));
    await writeFile(join(probe, 'mount', 'seen'), '');
    return await isSeen(engine, { directory, mount: join(probe, 'mount'), signal });
  } catch (error) {
    log.info({ err: error }, 'the Engine does not share our directories, volumes are filled through its API');
    return false;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

/** Kept on the Engine, empty as it is: to make and remove it each time would cost every start of ours a second. */
const probeImage = 'boatload/probe';

const probeName = 'boatload-probe-';

interface Probe {
  readonly directory: string;
  /** What is mounted: a directory with one file. */
  readonly mount: string;
  readonly signal: AbortSignal;
}

async function isSeen(engine: Engine, { directory, mount, signal }: Probe): Promise<boolean> {
  const labels = { 'io.boatload.probe': directory };
  // A directory has one satellite: what carries its label is what an earlier try of it left.
  for (const { id, name } of await listContainers(engine, labels, { signal })) {
    // A user's container may carry any label, but not the name.
    if (name.startsWith(probeName)) await removeContainer(engine, id, { signal });
  }
  const creation = {
    Image: await findProbeImage(engine, signal),
    Cmd: ['none'],
    Labels: labels,
    HostConfig: { Mounts: [{ Type: 'bind', Source: mount, Target: '/probe' } as const] },
  };
  const id = await createContainer(engine, `${probeName}${randomUUID()}`, { creation, signal });
  try {
    const { type } = await statArchive(engine, id, Buffer.from('/probe/seen'), { signal });
    return type === 'file';
  } finally {
    await removeContainer(engine, id, { signal });
  }
}

async function findProbeImage(engine: Engine, signal: AbortSignal): Promise<string> {
  const found = await inspectImage(engine, probeImage, { signal });
  return found?.id ?? (await importImage(engine, probeImage, { bytes: emptyTar(), signal }));
}

async function* emptyTar(): AsyncGenerator<Uint8Array> {
  yield tarEnd;
}
