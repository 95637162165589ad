import type { Backend } from '@boatload/backend';
import { type AttemptStatus, BoatLoadError, type StagingProgress } from '@boatload/contract';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { SourceFetcher } from '../services/source-fetcher.ts';
import type { Slots } from '../slots.ts';
import type { ContainerChange, StoredContainer } from '../store/records.ts';
import type { ContainerStore } from '../store/store.ts';
import { launchAttempt } from './launch.ts';
import type { Step, StepKind } from './step.ts';

/** What steps act on. */
export interface StepContext {
  readonly containers: ContainerStore;
  readonly blobs: Pick<BlobStore, 'discard'>;
  readonly backend: Backend;
  /** Fetches what nodes cannot reach. */
  readonly sources: Pick<SourceFetcher, 'complete'>;
  readonly container: StoredContainer;
  readonly launches: Slots;
  /** Aborted when the step has lost its meaning, or the service ends. */
  readonly signal: AbortSignal;
  /** Told the backend's word; `looked`: it was asked for it now, so it counts whatever was known before. */
  readonly observe: (status: AttemptStatus, how?: 'looked') => void;
  /** Told how far staging is; undefined when it is over. */
  readonly progress: (progress: StagingProgress | undefined) => void;
}

/** `on`: plan the next step; `rest`: wait to be woken; `end`: there is nothing to wait for any more. */
export type Outcome = 'on' | 'rest' | 'end';

type Executors = { readonly [K in StepKind]: (step: Extract<Step, { kind: K }>, at: StepContext) => Promise<Outcome> };

const executors: Executors = {
  async look({ ref }, { backend, signal, observe }) {
    observe(await backend.status(ref, { signal }), 'looked');
    return 'on';
  },
  async launch(step, context) {
    const status = await context.launches.run(() => launchAttempt(step, context), context.signal);
    context.observe(status);
    if (status.phase !== 'created' && status.phase !== 'absent') return 'on';
    throw new BoatLoadError('engine_error', `Container ${context.container.id} was asked to start and did not.`);
  },
  async stop({ ref, graceSeconds, why }, { backend, containers, container, signal, observe }) {
    await containers.record(container.id, why);
    await backend.stop(ref, { graceSeconds, signal });
    const status = await backend.status(ref, { signal });
    observe(status, 'looked');
    if (status.phase !== 'running') return 'on';
    throw new BoatLoadError('engine_error', `Container ${ref.container} still runs after it was stopped.`);
  },
  record: recordChanges,
  async 'give-up'(step, context) {
    await context.backend.remove(step.ref, { signal: context.signal });
    return recordChanges(step, context);
  },
  'begin-attempt': recordChanges,
  async remove({ refs, graceSeconds }, { backend, blobs, containers, container, signal }) {
    const last = refs.at(-1);
    if (last !== undefined && graceSeconds > 0) await backend.stop(last, { graceSeconds, signal });
    for (const ref of refs) await backend.remove(ref, { signal });
    await blobs.discard(await containers.erase(container.id));
    return 'on';
  },
  wait: () => Promise.resolve('rest'),
  done: () => Promise.resolve('end'),
};

/** Does what a step says. */
export function executeStep<K extends StepKind>(
  step: Extract<Step, { kind: K }>,
  context: StepContext,
): Promise<Outcome> {
  const execute: Executors[K] = executors[step.kind];
  return execute(step, context);
}

async function recordChanges(
  { changes }: { readonly changes: readonly ContainerChange[] },
  { containers, container }: StepContext,
): Promise<Outcome> {
  await containers.record(container.id, changes);
  return 'on';
}
