import { type AttemptRef, type AttemptStatus, BoatLoadError, errorCodes, type Progress } from '@boatload/contract';
import type { StoredContainer } from '../store/records.ts';
import { executeStep, type Outcome, type StepContext } from './execute.ts';
import { plan } from './plan.ts';
import { isOvertaken } from './status-order.ts';
import type { Failure, Step, StepKind } from './step.ts';

/** Fields first, then a fixed message: what the reconciler needs of a pino logger. */
export interface ReconcilerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface WorkerOptions {
  readonly id: string;
  readonly log: ReconcilerLog;
  /** Loads what steps act on; undefined when there is no such container. */
  readonly load: (
    id: string,
  ) => Promise<
    Pick<StepContext, 'backend' | 'blobs' | 'container' | 'containers' | 'launches' | 'sources'> | undefined
  >;
  /** Told how far staging is; undefined when it is over. */
  readonly onProgress: (container: StoredContainer, progress: Progress | undefined) => void;
  /** Told when there is nothing more to do: by then the worker may be forgotten. */
  readonly onEnd: () => void;
}

// Timers of Node hold 2^31 ms at most; an early wake only plans again.
const longestTimer = 86_400_000;
// When not even the store can be read, there is nobody to ask for a better time.
const pauseAfterFault = 10_000;

/** Works on one container: one step at a time, planned anew after each. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #failures = new Map<StepKind, Failure>();
  #status: AttemptStatus | undefined;
  /** The attempt that status and failures are about. */
  #launch: number | undefined;
  #progress: Progress | undefined;
  #running: Promise<void> | undefined;
  #isWoken = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #inHand: { readonly step: Step; readonly abort: AbortController } | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#options.id;
  }

  /** How far staging is; undefined while nothing is staged. */
  get progress(): Progress | undefined {
    return this.#progress;
  }

  /** Takes the backend's word for the attempt that is worked on. */
  observe(status: AttemptStatus): void {
    if (this.#launch !== undefined && status.ref.attempt < this.#launch) return;
    const isSame = this.#status?.ref.attempt === status.ref.attempt;
    if (isSame && isOvertaken(this.#status, status)) return;
    this.#status = status;
  }

  /** Forgets the backend's word unless it was repeated just now, so that it is asked again. */
  forgetUnless(isRepeated: (ref: AttemptRef) => boolean): void {
    if (this.#status !== undefined && !isRepeated(this.#status.ref)) this.#status = undefined;
  }

  /** Makes a step that failed for want of an Engine be tried at once. */
  forgetOutage(): void {
    for (const [kind, { error }] of this.#failures) {
      if (error.code === 'engine_unavailable') this.#failures.delete(kind);
    }
  }

  /** Plans again: at once, or after the step in hand. A removal waits for no launch, and for no longer grace than its own. */
  wake(): void {
    if (this.#isClosed) return;
    this.#isWoken = true;
    clearTimeout(this.#timer);
    if (this.#running === undefined) this.#running = this.#run().finally(() => this.#rest());
    else void this.#interruptForRemoval();
  }

  /** Plans nothing more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Gives up the step in hand. */
  abort(): void {
    this.#inHand?.abort.abort();
  }

  /** Resolves when no step is in hand. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #rest(): void {
    this.#running = undefined;
    if (this.#isWoken && !this.#isClosed) this.wake();
  }

  async #run(): Promise<void> {
    try {
      let outcome: Outcome = 'on';
      while ((outcome === 'on' || this.#isWoken) && !this.#isClosed) {
        this.#isWoken = false;
        outcome = await this.#turn();
      }
      if (outcome === 'end') this.#options.onEnd();
    } catch (err) {
      this.#options.log.error({ err, container: this.id }, 'container could not be worked on, trying again');
      this.#wakeAt(new Date(Date.now() + pauseAfterFault));
    }
  }

  async #turn(): Promise<Outcome> {
    const loaded = await this.#options.load(this.id);
    if (loaded === undefined) return 'end';
    this.#focus(loaded.container);
    const status = this.#status === undefined ? {} : { status: this.#status };
    const step = plan(loaded.container, { ...status, failures: this.#failures }, new Date());
    if (step.kind === 'wait') this.#wakeAt(step.until);
    const abort = new AbortController();
    this.#inHand = { step, abort };
    try {
      const outcome = await executeStep(step, { ...loaded, signal: abort.signal, ...this.#ears(loaded.container) });
      this.#failures.delete(step.kind);
      return outcome;
    } catch (error) {
      if (!abort.signal.aborted) this.#fail(step, error);
      return 'on';
    } finally {
      this.#inHand = undefined;
    }
  }

  /** Forgets what is about an earlier attempt. */
  #focus({ attempts }: StoredContainer): void {
    const launch = attempts.at(-1)?.launch;
    if (this.#launch === launch) return;
    this.#launch = launch;
    this.#failures.clear();
    if (this.#status?.ref.attempt !== launch) this.#status = undefined;
  }

  #ears(container: StoredContainer): Pick<StepContext, 'observe' | 'progress'> {
    return {
      observe: (status, how) => {
        if (how === 'looked') this.#status = undefined;
        this.observe(status);
      },
      progress: (progress) => {
        const isOver = progress === undefined;
        if (isOver && this.#progress === undefined) return;
        this.#progress = isOver ? undefined : { ...progress, total: progress.total ?? null };
        this.#options.onProgress(container, this.#progress);
      },
    };
  }

  #fail(step: Step, cause: unknown): void {
    const { log } = this.#options;
    const error = cause instanceof BoatLoadError ? cause : asFault(cause);
    const tries = (this.#failures.get(step.kind)?.tries ?? 0) + 1;
    this.#failures.set(step.kind, { error, tries, at: new Date() });
    const fields = { err: error, container: this.id, step: step.kind, tries };
    // What a user's own request is to blame for is theirs to read, in the container's reason.
    if (errorCodes[error.code].status >= 500) log.warn(fields, 'step failed');
    else log.info(fields, 'step failed');
  }

  async #interruptForRemoval(): Promise<void> {
    const inHand = this.#inHand;
    if (inHand === undefined || !isLong(inHand.step)) return;
    // If the store cannot tell now, the removal follows the step that is in hand.
    const loaded = await this.#options.load(this.id).catch(() => undefined);
    if (loaded !== undefined && isOutdated(inHand.step, loaded.container)) inHand.abort.abort();
  }

  #wakeAt(time: Date | undefined): void {
    clearTimeout(this.#timer);
    if (time === undefined || this.#isClosed) return;
    const delay = Math.min(Math.max(time.getTime() - Date.now(), 0), longestTimer);
    this.#timer = setTimeout(() => this.wake(), delay);
  }
}

/** Whether a step may take as long as an image, a URL or a container's owner likes. */
function isLong({ kind }: Step): boolean {
  return kind === 'launch' || kind === 'stop' || kind === 'remove';
}

function isOutdated(step: Step, { desired, graceSeconds }: StoredContainer): boolean {
  if (desired !== 'removed') return false;
  return step.kind !== 'remove' || graceSeconds < step.graceSeconds;
}

function asFault(cause: unknown): BoatLoadError {
  const text = "A fault in BoatLoad stands in the container's way; the service's log says more.";
  return new BoatLoadError('internal', text, { cause });
}
