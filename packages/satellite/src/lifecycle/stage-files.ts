import type { AttemptOrder, Source } from '@boatload/contract';
import type { ImageInspection } from '@boatload/engine';
import type { CachedFile, CachedTree, CacheWish } from '../cache/port.ts';
import type { Owner } from '../image/resolve-owner.ts';
import { copyUpload } from '../staging/copy-upload.ts';
import { planScript, type ScriptPlan, scriptHeadBytes } from '../staging/plan-script.ts';
import type { Report } from '../staging/report-progress.ts';
import { runTogether } from '../staging/run-together.ts';
import { attemptKey } from '../state/attempt-store.ts';
import { type ArchiveKind, detectArchive, readHead } from '../unpack/archive-kind.ts';
import type { SatelliteContext } from './context.ts';

/** A file of this node, for this attempt. */
interface StagedFile {
  /** Absolute path. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** What its source calls it. */
  readonly fileName?: string;
}

/** The data as a view takes them, or as a volume is filled with them. */
export type StagedData =
  | { readonly form: 'tree'; readonly tree: CachedTree }
  | { readonly form: 'file'; readonly file: CachedFile; readonly archive: ArchiveKind | undefined };

/** All that an attempt needs, on this node. */
export interface StagedFiles {
  readonly image: ImageInspection;
  /** Whom script and data belong to in the container. */
  readonly owner: Owner;
  readonly script: (StagedFile & { readonly plan: ScriptPlan }) | undefined;
  readonly data: StagedData | undefined;
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
  let image: Promise<StagedImage> | undefined;
  const [found, script, data] = await runTogether(options.signal, [
    (signal) => {
      image = stageImage(context, order, { ...options, signal });
      return image;
    },
    (signal) => stageScript(context, order, { ...options, signal }),
    // Fetched while the image is still pulled that says whose the data are.
    (signal) => stageData(context, order, { ...options, signal, owner: async () => (await image)?.owner ?? root }),
  ]);
  return { ...found, script, data };
}

const root: Owner = { uid: 0, gid: 0 };

type StagedImage = Pick<StagedFiles, 'image' | 'owner'>;

async function stageImage(
  context: SatelliteContext,
  order: AttemptOrder,
  { report, signal }: StageFilesOptions,
): Promise<StagedImage> {
  const image = await context.puller.ensure({
    image: order.image,
    pull: order.pull,
    ...(order.registryAuth === undefined ? {} : { auth: order.registryAuth }),
    onProgress: ({ done, total }) => report('pulling image', done, total),
    signal,
  });
  const user = order.user ?? image.user;
  return { image, owner: await context.facts.ownerOf({ name: order.image, id: image.id }, user, { signal }) };
}

async function stageScript(
  context: SatelliteContext,
  order: AttemptOrder,
  options: StageFilesOptions,
): Promise<StagedFiles['script']> {
  if (order.script === undefined) return undefined;
  const { name, interpreter, fileName } = order.script;
  const staged = await stageScriptFile(context, order, { ...options, source: order.script.source });
  const submitted = fileName ?? staged.fileName;
  const plan = planScript({
    name,
    head: await readHead(staged.file, scriptHeadBytes),
    ...(submitted === undefined ? {} : { fileName: submitted }),
    ...(interpreter === undefined ? {} : { interpreter }),
  });
  return { ...staged, plan };
}

/** An uploaded script is small and rarely anybody else's: it does not go through the cache. */
async function stageScriptFile(
  { blobs, cache, limits }: SatelliteContext,
  { ref }: AttemptOrder,
  { source, dir, report, signal }: StageFilesOptions & { readonly source: Source },
): Promise<StagedFile> {
  const onProgress = (done: number, total: number | undefined): void => report('fetching script', done, total);
  if (source.kind === 'blob') return await copyUpload(source, { blobs, dir, onProgress, signal });
  return await cache.file(source, {
    holder: attemptKey(ref),
    limitBytes: limits.scriptBytes,
    onProgress: (_step, done, total) => onProgress(done, total),
    signal,
  });
}

async function stageData(
  { cache, limits, views }: SatelliteContext,
  { ref, data }: AttemptOrder,
  { report, signal, owner }: StageFilesOptions & { readonly owner: () => Promise<Owner> },
): Promise<StagedFiles['data']> {
  if (data === undefined) return undefined;
  const { source, unpack = true, fileName } = data;
  const wish: CacheWish = {
    holder: attemptKey(ref),
    limitBytes: limits.dataBytes,
    onProgress: (step, done, total) => report(`${step} data`, done, total),
    signal,
  };
  if (views !== undefined) {
    const named = fileName === undefined ? {} : { fileName };
    return { form: 'tree', tree: await cache.tree(source, { ...wish, ...named, owner, unpack }) };
  }
  const file = await cache.file(source, wish);
  return { form: 'file', file, archive: unpack ? await detectArchive(file.file) : undefined };
}
