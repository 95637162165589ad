import type { AttemptOrder, AttemptRef, Satellite, Source } from '@boatload/contract';

/** What a check may say about an order; the rest is the harness's. */
export type OrderChanges = Partial<Omit<AttemptOrder, 'ref'>>;

/** A satellite over the real thing, and the means to see what it does there. */
export interface SatelliteHarness extends AsyncDisposable {
  readonly satellite: Satellite;

  /**
   * Order of a fresh attempt, the first of a new container, of an image that is there and has sh, the usual
   * commands, and a user `boat` with id 1000.
   */
  order(changes: OrderChanges): AttemptOrder;

  /** Makes bytes a source that the satellite can open. */
  upload(content: Uint8Array | string): Source;

  /** All that the real thing still holds of an attempt, each by a name that a failed test can show. */
  leftovers(ref: AttemptRef): Promise<readonly string[]>;
}
