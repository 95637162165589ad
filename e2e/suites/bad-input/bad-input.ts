import { afterAll, beforeAll, describe } from 'vitest';
import { type Client, logIn } from '../../harness/client.ts';
import type { RunningService, ServiceOptions } from '../../harness/service.ts';
import { promiseNothingLeft, useService } from '../../harness/suite.ts';
import { plainUser, writeUsersFile } from '../../harness/users-file.ts';
import type { Parts } from './bad-input-parts.ts';
import { describeFailedStaging } from './failed-staging.ts';
import { describeRefusedBodies } from './refused-bodies.ts';
import { describeRefusedFields, describeUnsupportedFields } from './refused-fields.ts';
import { describeRefusedLogIns } from './refused-log-ins.ts';
import { describeRefusedRequests } from './refused-requests.ts';

/** Every bad input has an answer that says what is wrong, and leaves nothing behind: no container, file or row. */
export function describeBadInput(name: string, start: (options: ServiceOptions) => Promise<RunningService>): void {
  describe(`bad input with ${name}`, () => {
    const users = writeUsersFile();
    const shared = useService(() => start({ args: ['--users', users.file] }));
    let other: Client;
    beforeAll(async () => {
      other = await logIn(shared().service.url, plainUser.username, plainUser.password);
    });
    afterAll(() => users[Symbol.dispose]());
    const parts: Parts = () => ({ ...shared(), other });

    // Each in a block of its own, so that what one prepares begins when the one before it has ended.
    describe('fields', () => describeRefusedFields(parts));
    describe('fields of other backends', () => describeUnsupportedFields(parts, name));
    describe('bodies', () => describeRefusedBodies(parts));
    describe('log-ins', () => describeRefusedLogIns(parts));
    describe('requests', () => describeRefusedRequests(parts));
    describe('staging', () => describeFailedStaging(parts));
    promiseNothingLeft(shared);
  });
}
