import { describe } from 'vitest';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, useService } from '../../harness/suite.ts';
import { describeForms } from './forms.ts';
import { describePaths } from './paths.ts';
import { describeSessions } from './sessions.ts';
import { describeTokens } from './tokens.ts';

/** Programs written for the predecessor (Django REST framework) go on working as they are. */
export function describeOldClient(name: string, start: () => Promise<RunningService>): void {
  describe(`an old client with ${name}`, () => {
    const parts = useService(start);
    describe('tokens', () => describeTokens(parts));
    describe('sessions', () => describeSessions(parts));
    describe('forms', () => describeForms(parts));
    describe('paths', () => describePaths(parts));
    promiseNothingLeft(parts);
  });
}
