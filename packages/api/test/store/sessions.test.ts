import { expect, test } from 'vitest';
import type { Session } from '../../src/auth/session-store.ts';
import { openTestStore } from './sample-container.ts';

const session: Session = {
  tokenHash: 'a'.repeat(64),
  userId: 1,
  userDigest: 'b'.repeat(64),
  csrfToken: 'c'.repeat(64),
  createdAt: new Date('2024-05-06T07:08:09.010Z'),
  expiresAt: new Date('2024-05-20T07:08:09.010Z'),
};

test('a session is found as it was kept until it is removed', async () => {
  await using kept = await openTestStore();
  const { sessions } = kept.store;
  await sessions.create(session);
  expect(await sessions.find(session.tokenHash)).toEqual(session);
  expect(await sessions.find('d'.repeat(64))).toBeUndefined();
  await sessions.remove(session.tokenHash);
  await sessions.remove(session.tokenHash);
  expect(await sessions.find(session.tokenHash)).toBeUndefined();
});

test('only sessions whose time is over are removed as expired', async () => {
  await using kept = await openTestStore();
  const { sessions } = kept.store;
  const later = { ...session, tokenHash: 'd'.repeat(64), expiresAt: new Date('2024-05-20T07:08:09.011Z') };
  await sessions.create(session);
  await sessions.create(later);
  await sessions.removeExpired(session.expiresAt);
  expect(await sessions.find(session.tokenHash)).toBeUndefined();
  expect(await sessions.find(later.tokenHash)).toEqual(later);
});
