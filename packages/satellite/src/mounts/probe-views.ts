import { randomUUID } from 'node:crypto';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createContainer,
  describeEngine,
  type Engine,
  importImage,
  inspectImage,
  listContainers,
  listVolumes,
  removeContainer,
  removeVolume,
  statArchive,
  tarEnd,
} from '@boatload/engine';
import type { SatelliteLog } from '../satellite-log.ts';
import { loadLibC } from '../system/libc.ts';
import { seesTrustedAttributes } from '../system/trusted-attributes.ts';
import {
  isMountablePath,
  type OverlayFeatures,
  unwantedFeatures,
  viewOptions,
  workDirectoryOf,
} from './view-volume.ts';

/** Milliseconds that the Engine has for all of it: one that hangs must not keep the satellite from starting. */
const patience = 30_000;

/** Where these are on, a file of this machine is not simply a file of a container. */
const translating = /name=(?:userns|rootless|selinux)/;

/**
 * Whether the Engine mounts views of directories of this machine: overlays, through its volume driver `local`. It
 * is tried: a container that is never started must see a new file in one. Not so for Engines on other machines,
 * in virtual machines or for other users, for directories that an overlay cannot lie on, nor for an Engine that
 * does not answer.
 * @param directory where the trial is made and removed again; one at a time
 * @returns how overlays are to be mounted, undefined where they cannot be
 */
export async function probeViews(
  engine: Engine,
  directory: string,
  log: SatelliteLog,
): Promise<OverlayFeatures | undefined> {
  try {
    const features = await findViews(engine, directory);
    log.info({ features }, 'containers get copy-on-write views of their data');
    return features;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.info({ reason }, 'there are no views of our directories: every container gets a copy of its data');
    return undefined;
  }
}

/** @throws an error that says why there are none */
async function findViews(engine: Engine, directory: string): Promise<OverlayFeatures> {
  await checkProcess(directory);
  const probe = await mkdtemp(join(directory, 'probe-'));
  try {
    const signal = AbortSignal.timeout(patience);
    const { securityOptions } = await describeEngine(engine, { signal });
    const translation = securityOptions.find((option) => translating.test(option));
    if (translation !== undefined) throw new Error(`The Engine changes owners or labels of files (${translation}).`);
    await tryView(engine, { directory, probe, features: await findFeatures(), signal });
    // Asked again: what the kernel knows may have been loaded only now.
    return await findFeatures();
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

async function checkProcess(directory: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('Only root can give files to the users of containers.');
  if (!isMountablePath(directory)) throw new Error(`${directory} has a character that options of mounts cannot have.`);
  // Without these nobody could tell what a container deleted in a view.
  if ((await loadLibC()) === undefined) throw new Error('The C library of this system cannot be called.');
  if (!(await seesTrustedAttributes())) throw new Error('This process may not see trusted attributes of files.');
}

/** Only what the kernel knows may be turned off. */
async function findFeatures(): Promise<OverlayFeatures> {
  const known = await Promise.all(
    unwantedFeatures.map((name) =>
      access(`/sys/module/overlay/parameters/${name}`).then(
        () => [`${name}=off`],
        () => [],
      ),
    ),
  );
  return known.flat();
}

/** Kept on the Engine, empty as it is: to make and remove it each time would cost every start of ours a second. */
const probeImage = 'boatload/probe';

const probeName = 'boatload-probe-';

interface Trial {
  readonly directory: string;
  /** Empty, for the layers of the view. */
  readonly probe: string;
  readonly features: OverlayFeatures;
  readonly signal: AbortSignal;
}

async function tryView(engine: Engine, { directory, probe, features, signal }: Trial): Promise<void> {
  const Labels = { 'io.boatload.probe': directory };
  await removeEarlier(engine, Labels, signal);
  const layers = { lower: join(probe, 'lower'), upper: join(probe, 'upper') };
  for (const path of [layers.lower, layers.upper, workDirectoryOf(layers)]) await mkdir(path);
  await writeFile(join(layers.lower, 'seen'), '');
  const name = `${probeName}${randomUUID()}`;
  const DriverConfig = { Name: 'local', Options: viewOptions(layers, features) } as const;
  const VolumeOptions = { NoCopy: true, Labels, DriverConfig };
  const Mounts = [{ Type: 'volume', Source: name, Target: '/probe', VolumeOptions } as const];
  const creation = { Image: await findProbeImage(engine, signal), Cmd: ['none'], Labels, HostConfig: { Mounts } };
  try {
    const id = await createContainer(engine, name, { creation, signal });
    await statArchive(engine, id, Buffer.from('/probe/seen'), { signal });
  } finally {
    await removeEarlier(engine, Labels, signal);
  }
}

/** A directory has one satellite: what carries its label is what a try of it left. */
async function removeEarlier(
  engine: Engine,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  // A user's container may carry any label, but not the name.
  for (const { id, name } of await listContainers(engine, labels, { signal })) {
    if (name.startsWith(probeName)) await removeContainer(engine, id, { signal });
  }
  for (const { name } of await listVolumes(engine, labels, { signal })) {
    if (name.startsWith(probeName)) await removeVolume(engine, name, { signal });
  }
}

async function findProbeImage(engine: Engine, signal: AbortSignal): Promise<string> {
  const found = await inspectImage(engine, probeImage, { signal });
  return found?.id ?? (await importImage(engine, probeImage, { bytes: emptyTar(), signal }));
}

async function* emptyTar(): AsyncGenerator<Uint8Array> {
  yield tarEnd;
}
