import type { AttemptOrder } from '@boatload/contract';
import { safeFileName } from '@boatload/fetch';
import { type Filling, fileEntry } from '../mounts/fill-tar.ts';
import type { MountRecord } from '../state/attempt-record.ts';
import { ArchiveGuard } from '../unpack/archive-guard.ts';
import type { StagedEntry } from '../unpack/staged-entry.ts';
import { unpackArchive } from '../unpack/unpack-archive.ts';
import type { SatelliteContext } from './context.ts';
import type { StagedFiles } from './stage-files.ts';

export interface FillingsInput {
  readonly order: AttemptOrder;
  readonly staged: StagedFiles;
  readonly mounts: readonly MountRecord[];
}

/** What goes into each of our mounts. A mount without content is filled too: with its root's owner. */
export function planFillings(context: SatelliteContext, input: FillingsInput): readonly Filling[] {
  return input.mounts.map(({ path, kind }) => ({
    path,
    entries: kind === 'script' ? scriptEntries(input) : dataEntries(context, input),
  }));
}

async function* scriptEntries({ order, staged }: FillingsInput): AsyncGenerator<StagedEntry, void, undefined> {
  if (order.script === undefined || staged.script === undefined) return;
  const { file, size } = staged.script;
  yield fileEntry(file, { path: order.script.name, size, mode: 0o755 });
}

async function* dataEntries(
  context: SatelliteContext,
  { order, staged }: FillingsInput,
): AsyncGenerator<StagedEntry, void, undefined> {
  if (staged.data?.form !== 'file') return;
  const { file: cached, archive } = staged.data;
  const { file, size, fileName } = cached;
  if (archive === undefined) {
    const path = safeFileName(order.data?.fileName ?? fileName ?? '') ?? 'data';
    yield fileEntry(file, { path, size, mode: 0o644 });
    return;
  }
  const guard = new ArchiveGuard(context.limits, size);
  yield* unpackArchive({ file, kind: archive }, guard);
}
