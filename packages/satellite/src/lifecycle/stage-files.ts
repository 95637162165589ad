import type { AttemptOrder } from '@boatload/contract';
import type { ImageInspection } from '@boatload/engine';
import type { FetchedFile } from '@boatload/fetch';
import { planScript, type ScriptPlan, scriptHeadBytes } from '../staging/plan-script.ts';
import type { Report } from '../staging/report-progress.ts';
import { runTogether } from '../staging/run-together.ts';
import { stageSource } from '../staging/stage-source.ts';
import { type ArchiveKind, detectArchive, readHead } from '../unpack/archive-kind.ts';
import type { SatelliteContext } from './context.ts';

/** All that an attempt needs, on this node. */
export interface StagedFiles {
  readonly image: ImageInspection;
  readonly script: (FetchedFile & { readonly plan: ScriptPlan }) | undefined;
  readonly data: (FetchedFile & { readonly archive: ArchiveKind | undefined }) | undefined;
}

export interface StageFilesOptions {
  readonly dir: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Brings image, script and data to this node, all at once. */
export async function stageFiles(
  context: SatelliteContext,
  order: AttemptOrder,
  options: StageFilesOptions,
): Promise<StagedFiles> {
  const [image, script, data] = await runTogether(options.signal, [
    (signal) => stageImage(context, order, { ...options, signal }),
    (signal) => stageScript(context, order, { ...options, signal }),
    (signal) => stageData(context, order, { ...options, signal }),
  ]);
  return { image, script, data };
}

async function stageImage(
  context: SatelliteContext,
  order: AttemptOrder,
  { report, signal }: StageFilesOptions,
): Promise<ImageInspection> {
  return await context.puller.ensure({
    image: order.image,
    pull: order.pull,
    ...(order.registryAuth === undefined ? {} : { auth: order.registryAuth }),
    onProgress: ({ done, total }) => report('pulling image', done, total),
    signal,
  });
}

async function stageScript(
  context: SatelliteContext,
  order: AttemptOrder,
  { dir, report, signal }: StageFilesOptions,
): Promise<StagedFiles['script']> {
  if (order.script === undefined) return undefined;
  const { name, source, interpreter, fileName } = order.script;
  const { policy, blobs, limits } = context;
  const onProgress = (done: number, total: number | undefined): void => report('fetching script', done, total);
  const fetched = await stageSource(source, { dir, limitBytes: limits.scriptBytes, policy, blobs, onProgress, signal });
  const submitted = fileName ?? fetched.fileName;
  const plan = planScript({
    name,
    head: await readHead(fetched.file, scriptHeadBytes),
    ...(submitted === undefined ? {} : { fileName: submitted }),
    ...(interpreter === undefined ? {} : { interpreter }),
  });
  return { ...fetched, plan };
}

async function stageData(
  context: SatelliteContext,
  order: AttemptOrder,
  { dir, report, signal }: StageFilesOptions,
): Promise<StagedFiles['data']> {
  if (order.data === undefined || order.datapath === undefined) return undefined;
  const { policy, blobs, limits } = context;
  const onProgress = (done: number, total: number | undefined): void => report('fetching data', done, total);
  const options = { dir, limitBytes: limits.dataBytes, policy, blobs, onProgress, signal };
  const fetched = await stageSource(order.data.source, options);
  return { ...fetched, archive: await detectArchive(fetched.file) };
}
