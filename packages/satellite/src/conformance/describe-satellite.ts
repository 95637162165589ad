import type { AttemptRef } from '@boatload/contract';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { dataChecks } from './data-checks.ts';
import { eventChecks } from './event-checks.ts';
import type { SatelliteHarness } from './harness.ts';
import { launchChecks } from './launch-checks.ts';
import { type SatellitePromise, type SatelliteSkips, satellitePromises } from './promises.ts';
import { refusalChecks } from './refusal-checks.ts';
import { removalChecks } from './removal-checks.ts';

/** Checks one promise. What it makes through the harness is removed after the suite. */
export type SatelliteCheck = (harness: SatelliteHarness) => Promise<void>;

const checks: Readonly<Record<SatellitePromise, SatelliteCheck>> = {
  ...launchChecks,
  ...dataChecks,
  ...refusalChecks,
  ...removalChecks,
  ...eventChecks,
};

export interface ConformanceOptions {
  /** Default: none. */
  readonly skips?: SatelliteSkips;
}

/** Declares the suite that every implementation of the Satellite port passes, against the real thing. */
export function describeSatellite(
  name: string,
  makeHarness: () => Promise<SatelliteHarness>,
  { skips = {} }: ConformanceOptions = {},
): void {
  describe(`the satellite ${name}`, () => {
    let harness: SatelliteHarness | undefined;
    const ordered: AttemptRef[] = [];

    beforeAll(async () => {
      harness = await makeHarness();
    });

    afterAll(async () => {
      for (const ref of ordered) await harness?.satellite.remove(ref);
      await harness?.[Symbol.asyncDispose]();
    });

    for (const [promise, check] of Object.entries(checks)) {
      // A validated edge: the keys of `checks` are the promises.
      const key = promise as SatellitePromise;
      const reason = skips[key];
      const title = reason === undefined ? satellitePromises[key] : `${satellitePromises[key]} (${reason})`;
      test.skipIf(reason !== undefined)(title, async () => {
        if (harness === undefined) throw new Error('the harness was not made');
        await check(remembering(harness, ordered));
      });
    }
  });
}

/** The same harness; it notes whatever an order was made for, so that all of it is removed in the end. */
function remembering(harness: SatelliteHarness, ordered: AttemptRef[]): SatelliteHarness {
  return {
    satellite: harness.satellite,
    order: (changes) => {
      const order = harness.order(changes);
      ordered.push(order.ref);
      return order;
    },
    upload: (content) => harness.upload(content),
    leftovers: (ref) => harness.leftovers(ref),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
