import type { Engine } from '@boatload/engine';
import { makeScratch, type ScratchContainer, type ScratchOptions } from '../../engine/test/scratch-container.ts';
import type { ReadTarget } from '../src/state/attempt-record.ts';

export interface ScratchTarget extends AsyncDisposable {
  readonly scratch: ScratchContainer;
  readonly target: ReadTarget;
}

/** A container made for a test, as the reading functions take it. */
export async function makeTarget(
  engine: Engine,
  options: ScratchOptions & { readonly injected?: readonly string[]; readonly baselineFile?: string },
): Promise<ScratchTarget> {
  const scratch = await makeScratch(engine, options);
  const { id: containerId, mounts } = scratch;
  return {
    scratch,
    target: { containerId, mounts, injected: options.injected ?? [], baselineFile: options.baselineFile },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

/** Bytes written as text, one character each. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
