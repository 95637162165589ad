import type { AttemptOrder, AttemptRef } from '@boatload/contract';
import type { Backend } from '../port.ts';

/** What a test may change about an order; the rest is the harness's. */
export type OrderChanges = Partial<Omit<AttemptOrder, 'ref'>>;

/** A backend over the real thing, and the means to see what it does there. */
export interface BackendHarness extends AsyncDisposable {
  readonly backend: Backend;

  /**
   * Order of a fresh attempt, the first of a new container, that runs a command line with `sh -c` in an image
   * that is there.
   */
  order(command: string, changes?: OrderChanges): AttemptOrder;

  /** All that the real thing still holds of an attempt, each by a name that a failed test can show. */
  leftovers(ref: AttemptRef): Promise<readonly string[]>;
}
