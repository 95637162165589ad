import type { AttemptRef, AttemptStatus } from '@boatload/contract';
import type { ContainerEvent } from '@boatload/engine';
import { attemptKey } from '../state/attempt-store.ts';

/**
 * What the Engine's events said and its inspection no longer says: how a container ended that runs again by now,
 * and that memory ran out where that came too late for the Engine's own record of the end.
 */
export class EventMemory {
  readonly #exitCodes = new Map<string, number>();
  readonly #outOfMemory = new Set<string>();

  note(ref: AttemptRef, { action, exitCode }: ContainerEvent): void {
    const key = attemptKey(ref);
    if (action === 'oom') this.#outOfMemory.add(key);
    if (action === 'start' || action === 'destroy') this.#outOfMemory.delete(key);
    if (action === 'die' && exitCode !== undefined) this.#exitCodes.set(key, exitCode);
    if (action === 'destroy') this.#exitCodes.delete(key);
  }

  /** Adds to a status what is remembered. */
  complete(status: AttemptStatus): AttemptStatus {
    const key = attemptKey(status.ref);
    const exitCode = this.#exitCodes.get(key);
    if (status.phase === 'running' && status.starts > 1 && exitCode !== undefined) {
      return { ...status, previousExitCode: exitCode };
    }
    if (status.phase !== 'ended' || !this.#outOfMemory.has(key)) return status;
    return { ...status, oomKilled: true, dockerState: { ...status.dockerState, OOMKilled: true } };
  }
}
