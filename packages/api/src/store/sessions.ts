import type { Kysely } from 'kysely';
import type { SessionStore } from '../auth/session-store.ts';
import type { Schema } from './schema.ts';

export function createSessionStore(db: Kysely<Schema>): SessionStore {
  return {
    async create(session) {
      const row = {
        token_hash: session.tokenHash,
        user_id: session.userId,
        user_digest: session.userDigest,
        csrf_token: session.csrfToken,
        created_at: session.createdAt.toISOString(),
        expires_at: session.expiresAt.toISOString(),
      };
      await db.insertInto('session').values(row).execute();
    },
    async find(tokenHash) {
      const row = await db.selectFrom('session').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        tokenHash: row.token_hash,
        userId: row.user_id,
        userDigest: row.user_digest,
        csrfToken: row.csrf_token,
        createdAt: new Date(row.created_at),
        expiresAt: new Date(row.expires_at),
      };
    },
    async remove(tokenHash) {
      await db.deleteFrom('session').where('token_hash', '=', tokenHash).execute();
    },
    async removeExpired(now) {
      await db.deleteFrom('session').where('expires_at', '<=', now.toISOString()).execute();
    },
  };
}
