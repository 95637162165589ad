import { type Engine, putArchive } from '@boatload/engine';
import type { ScratchContainer } from '../../engine/test/scratch-container.ts';
import { inChunks, type Packed, packAll } from '../../engine/test/tar/tar-bytes.ts';
import { recordBaseline } from '../src/changes/baseline.ts';

/** Puts entries into a container that was not started, recorded in a baseline as staging does. */
export async function stage(
  engine: Engine,
  scratch: ScratchContainer,
  staging: { readonly entries: readonly Packed[]; readonly baselineFile: string },
): Promise<void> {
  const recorded = recordBaseline(inChunks(packAll(staging.entries)), staging.baselineFile, { prefix: '/' });
  await putArchive(engine, scratch.id, Buffer.from('/'), { bytes: recorded });
}
