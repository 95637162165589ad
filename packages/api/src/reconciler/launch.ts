import type { LaunchReport } from '@boatload/backend';
import type { AttemptStatus, Progress, StagingProgress } from '@boatload/contract';
import { missingParts } from '../services/source-fetcher.ts';
import type { ContainerChange, StoredContainer } from '../store/records.ts';
import type { StepContext } from './execute.ts';
import { orderOf } from './order-of.ts';
import type { Step } from './step.ts';

/** Brings an attempt to its start, and keeps what is told of the way there. */
export async function launchAttempt(
  { order, attempt }: Extract<Step, { kind: 'launch' }>,
  context: StepContext,
): Promise<AttemptStatus> {
  const diary = new LaunchDiary(context, attempt);
  const report = (news: LaunchReport): void => diary.note(news);
  try {
    const isMissing = missingParts(context.container).length > 0;
    const complete = isMissing ? orderOf(await fetchSources(context, report), order.ref) : order;
    return await context.backend.launch(complete, { signal: context.signal, report });
  } finally {
    await diary.close();
  }
}

/** Brings into the blob store what the node cannot reach; reported as a node does that fetches it itself. */
function fetchSources(
  { sources, container, signal }: StepContext,
  report: (news: LaunchReport) => void,
): Promise<StoredContainer> {
  report({ phase: 'staging' });
  return sources.complete(container, {
    signal,
    onProgress: (part, done, total) => {
      const progress = { step: `fetching ${part}`, done, ...(total === undefined ? {} : { total }) };
      report({ phase: 'staging', progress });
    },
  });
}

/** Keeps phases as they come, and how far each step of the staging came once that is over. */
class LaunchDiary {
  readonly #context: StepContext;
  readonly #attempt: number;
  /** The last word of each step. */
  readonly #steps = new Map<string, Progress>();
  #shown: StoredContainer;
  #isClosed = false;
  #recorded: Promise<unknown> = Promise.resolve();

  constructor(context: StepContext, attempt: number) {
    this.#context = context;
    this.#attempt = attempt;
    this.#shown = context.container;
  }

  /** What is told after the end is not heard: a backend that was told to give up may still have a word on its way. */
  note(news: LaunchReport): void {
    if (this.#isClosed) return;
    if (news.phase !== 'staging') this.#context.progress(undefined);
    else if (news.progress !== undefined) this.#noteProgress(news.progress);
    const change = changeOf(news, this.#shown, this.#attempt);
    if (change === undefined) return;
    this.#shown = { ...this.#shown, state: news.phase, reason: null };
    this.#record(news.phase === 'staging' ? change : { ...change, ...this.#takeStaged() });
  }

  /** Resolves when all is kept. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#context.progress(undefined);
    if (this.#steps.size > 0) this.#record({ at: new Date().toISOString(), ...this.#takeStaged() });
    await this.#recorded;
  }

  #noteProgress(progress: StagingProgress): void {
    const { step, done, total = null } = progress;
    this.#steps.set(step, { step, done, total });
    this.#context.progress(progress);
  }

  #takeStaged(): Pick<ContainerChange, 'staged'> {
    if (this.#steps.size === 0) return {};
    const staged = [...this.#steps.values()];
    this.#steps.clear();
    return { staged };
  }

  #record(change: ContainerChange): void {
    const { containers, container } = this.#context;
    this.#recorded = this.#recorded.then(() => containers.record(container.id, change));
    // Whoever closes the diary sees the failure; until then it is not unhandled.
    this.#recorded.catch(() => undefined);
  }
}

/**
 * What a report changes. While staging is tried again, the reason why it failed stays until there is progress:
 * without an Engine the timeline would otherwise grow with every try.
 */
function changeOf(news: LaunchReport, shown: StoredContainer, attempt: number): ContainerChange | undefined {
  const isKnown = shown.state === news.phase && (shown.reason === null || isWithoutProgress(news));
  if (isKnown) return undefined;
  const node = news.node === undefined ? {} : { node: news.node };
  const at = new Date().toISOString();
  return { at, state: news.phase, attempt, attempts: [{ attempt, state: news.phase, ...node }] };
}

function isWithoutProgress(news: LaunchReport): boolean {
  return news.phase === 'staging' && news.progress === undefined;
}
