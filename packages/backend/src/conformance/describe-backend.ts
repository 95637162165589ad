import type { AttemptRef } from '@boatload/contract';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { eventChecks } from './event-checks.ts';
import type { BackendHarness } from './harness.ts';
import { launchChecks } from './launch-checks.ts';
import { type BackendPromise, type BackendSkips, backendPromises } from './promises.ts';
import { removalChecks } from './removal-checks.ts';

/** Checks one promise; it removes what it launched through `stage`. */
export type BackendCheck = (stage: BackendHarness) => Promise<void>;
export type BackendChecks = Readonly<Partial<Record<BackendPromise, BackendCheck>>>;

const checks: Readonly<Record<BackendPromise, BackendCheck>> = {
  ...launchChecks,
  ...eventChecks,
  ...removalChecks,
};

export interface ConformanceOptions {
  /** Default: none. */
  readonly skips?: BackendSkips;
}

/** Declares the suite that every backend passes, against the real thing that the harness stands for. */
export function describeBackend(
  name: string,
  makeHarness: () => Promise<BackendHarness>,
  { skips = {} }: ConformanceOptions = {},
): void {
  describe(`the backend ${name}`, () => {
    let harness: BackendHarness | undefined;
    const launched: AttemptRef[] = [];

    beforeAll(async () => {
      harness = await makeHarness();
    });

    afterAll(async () => {
      for (const ref of launched) await harness?.backend.remove(ref);
      await harness?.[Symbol.asyncDispose]();
    });

    for (const promise of Object.keys(checks) as BackendPromise[]) {
      const reason = skips[promise];
      const title = reason === undefined ? backendPromises[promise] : `${backendPromises[promise]} (${reason})`;
      test.skipIf(reason !== undefined)(title, async () => {
        if (harness === undefined) throw new Error('the harness was not made');
        await checks[promise](remembering(harness, launched));
      });
    }
  });
}

/** The same harness; it notes whatever an order was made for, so that all of it is removed in the end. */
function remembering(harness: BackendHarness, launched: AttemptRef[]): BackendHarness {
  return {
    backend: harness.backend,
    order: (command, changes) => {
      const order = harness.order(command, changes);
      launched.push(order.ref);
      return order;
    },
    leftovers: (ref) => harness.leftovers(ref),
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}
