import { type AttemptOrder, BoatLoadError } from '@boatload/contract';
import {
  convertCreateFailure,
  createContainer,
  type FailureSubject,
  getArchive,
  inspectContainer,
  putArchive,
  refusalOf,
} from '@boatload/engine';
import { recordBaseline } from '../changes/baseline.ts';
import type { FreshContainer } from '../image/image-facts.ts';
import { encodeFillings } from '../mounts/fill-tar.ts';
import { makeViews } from '../mounts/make-views.ts';
import { plainPath } from '../mounts/mount-plan.ts';
import { planCreation } from '../staging/creation.ts';
import type { AttemptRecord, MountRecord, PreparedRecord } from '../state/attempt-record.ts';
import type { SatelliteContext } from './context.ts';
import { discardLabelled } from './discard.ts';
import { planFillings } from './fillings.ts';
import { attemptLabels } from './labels.ts';
import type { StagedFiles } from './stage-files.ts';

export interface BuildInput {
  readonly order: AttemptOrder;
  readonly staged: StagedFiles;
  readonly record: AttemptRecord;
  readonly signal: AbortSignal;
}

/**
 * Makes the container of an attempt and fills its mounts, recording what they hold before the start.
 * @returns the record of the complete container, not yet written
 */
export async function buildContainer(context: SatelliteContext, input: BuildInput): Promise<PreparedRecord> {
  const { order, staged, record, signal } = input;
  await makeViews(record.mounts, {
    owner: staged.owner,
    script: order.script && staged.script && { file: staged.script.file, name: order.script.name },
  });
  const id = await createFresh(context, input);
  signal.throwIfAborted();
  const container: FreshContainer = { id, image: order.image, imageId: staged.image.id };
  await checkShebang(context, container, input);
  await fillVolumes(context, container, input);
  const imageMounts = await findImageMounts(context, container, input);
  for (const mount of imageMounts) await recordImageMount(context, container, { ...input, mount });
  const mounts = [...record.mounts, ...imageMounts];
  const injected = await context.facts.injectedBy(container, pathsOf(mounts), { signal });
  return { ...record, phase: 'prepared', containerId: id, mounts, injected };
}

/** What is said of a container when it cannot be created or started. */
export function describeSubject(order: AttemptOrder, staged: StagedFiles): FailureSubject {
  const own = [...staged.image.entrypoint, ...staged.image.command];
  const without = order.entrypoint?.[0] ?? staged.image.entrypoint[0] ?? order.args[0] ?? own[0];
  const command = order.entrypoint?.[0] ?? staged.script?.plan.command[0] ?? without;
  const workdir = order.workdir ?? order.datapath ?? staged.image.workdir;
  return {
    image: order.image,
    ...(command === undefined ? {} : { command }),
    ...(order.user === undefined ? {} : { user: order.user }),
    ...(workdir === '' ? {} : { workdir }),
  };
}

/** Creates the container; one that an earlier, interrupted try left under the same name gives way. */
async function createFresh(context: SatelliteContext, input: BuildInput): Promise<string> {
  const { order, staged, record, signal } = input;
  const labels = attemptLabels(context.instance, order.ref);
  const { logDriver, dataProxy, views: overlayFeatures = [] } = context;
  const script = staged.script?.plan;
  const creation = planCreation({
    order,
    script,
    mounts: record.mounts,
    overlayFeatures,
    labels,
    logDriver,
    dataProxy,
  });
  for (let tries = 1; ; tries += 1) {
    try {
      // Not with the signal: an Engine that is left alone with a request still carries it out, and the container
      // would appear behind the back of whoever removes it.
      return await createContainer(context.engine, record.name, { creation });
    } catch (error) {
      if (refusalOf(error)?.status !== 409 || tries === 3) throw convertCreateFailure(error, record.subject);
      await discardLabelled(context.engine, labels, { signal });
    }
  }
}

/** The kernel's own error for a missing interpreter names the script, which leaves its author in the dark. */
async function checkShebang(context: SatelliteContext, container: FreshContainer, input: BuildInput): Promise<void> {
  const program = input.staged.script?.plan.shebang;
  if (program === undefined || pathsOf(input.record.mounts).some((path) => program.startsWith(`${path}/`))) return;
  if (await context.facts.has(container, program, { signal: input.signal })) return;
  throw new BoatLoadError(
    'command_not_found',
    `The script's first line asks for ${program}, which the image ${container.image} does not have: correct the line, name an interpreter, or use an image that contains it.`,
    { field: 'script' },
  );
}

/** What is no view starts empty: it is filled, and what it holds then is recorded, to tell changes by. */
async function fillVolumes(context: SatelliteContext, container: FreshContainer, input: BuildInput): Promise<void> {
  const { order, staged, record, signal } = input;
  const mounts = record.mounts.filter(({ view }) => view === undefined);
  if (mounts.length === 0) return;
  const bytes = encodeFillings(planFillings(context, { order, staged, mounts }), staged.owner);
  const recorded = recordBaseline(bytes, context.store.baselineFile(order.ref), { prefix: '/', signal });
  try {
    await putArchive(context.engine, container.id, Buffer.from('/'), { bytes: recorded, signal });
  } catch (error) {
    throw explainFill(error);
  }
}

function explainFill(error: unknown): unknown {
  const reason = refusalOf(error)?.reason ?? '';
  if (/no space left|quota exceeded/i.test(reason)) {
    return new BoatLoadError(
      'resources_unavailable',
      "The node's disk is full: the data do not fit. Remove what is no longer needed, then submit again.",
      { cause: error },
    );
  }
  if (!/link .*: no such file/i.test(reason)) return error;
  return new BoatLoadError(
    'archive_invalid',
    `The archive has a hard link to a file that is not in it (${reason}): pack it again with that file.`,
    { field: 'data', cause: error },
  );
}

/** Volumes that the image declares and that no mount of ours covers: the Engine made nameless ones for them. */
async function findImageMounts(
  context: SatelliteContext,
  container: FreshContainer,
  { staged, record, signal }: BuildInput,
): Promise<readonly MountRecord[]> {
  const ours = pathsOf(record.mounts);
  if (staged.image.volumes.every((path) => ours.includes(plainPath(path)))) return [];
  const found = await inspectContainer(context.engine, container.id, { signal });
  return (found?.mounts ?? [])
    .filter(({ type, path }) => type === 'volume' && !ours.includes(path))
    .map(({ path, volume }) => ({ path, volume, kind: 'image' }));
}

async function recordImageMount(
  context: SatelliteContext,
  container: FreshContainer,
  input: BuildInput & { readonly mount: MountRecord },
): Promise<void> {
  const { mount, order, signal } = input;
  const content = await getArchive(context.engine, container.id, Buffer.from(mount.path), { signal });
  const parent = mount.path.slice(0, mount.path.lastIndexOf('/') + 1);
  const recorded = recordBaseline(content, context.store.baselineFile(order.ref), { prefix: parent });
  for await (const _chunk of recorded) {
    // Only the record is wanted.
  }
}

function pathsOf(mounts: readonly MountRecord[]): readonly string[] {
  return mounts.map(({ path }) => path);
}
