import type { Kysely, Migration } from 'kysely';

// A migration that was released is never changed: add the next one. Only types that SQLite and PostgreSQL
// share: text (JSON and times too), integer (booleans too), double precision.
export const containers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createContainer(db);
    await createAttempt(db);
    await createTimeline(db);
    await createLabel(db);
    await createBlobReference(db);
    await createIdempotencyKey(db);
    await createSession(db);
    await createSetting(db);
  },
};

async function createContainer(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('container')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('backend', 'text', (column) => column.notNull())
    .addColumn('submission', 'text', (column) => column.notNull())
    .addColumn('warnings', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('image_name', 'text', (column) => column.notNull())
    .addColumn('image', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('reason_code', 'text')
    .addColumn('desired', 'text', (column) => column.notNull())
    .addColumn('grace_seconds', 'double precision', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('container_by_age').on('container').columns(['created_at', 'id']).execute();
  await db.schema.createIndex('container_by_owner').on('container').columns(['owner', 'created_at', 'id']).execute();
  await db.schema.createIndex('container_by_state').on('container').columns(['state']).execute();
}

async function createAttempt(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('attempt')
    .addColumn('container_id', 'text', (column) => column.notNull().references('container.id').onDelete('cascade'))
    .addColumn('attempt', 'integer', (column) => column.notNull())
    .addColumn('launch', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('node', 'text')
    .addColumn('started_at', 'text')
    .addColumn('finished_at', 'text')
    .addColumn('exit_code', 'integer')
    .addColumn('oom_killed', 'integer', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('reason_code', 'text')
    .addColumn('docker_state', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('attempt_key', ['container_id', 'attempt'])
    .execute();
}

async function createTimeline(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('timeline')
    .addColumn('container_id', 'text', (column) => column.notNull().references('container.id').onDelete('cascade'))
    .addColumn('seq', 'integer', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempt', 'integer', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('reason_code', 'text')
    .addPrimaryKeyConstraint('timeline_key', ['container_id', 'seq'])
    .execute();
}

async function createLabel(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('container_label')
    .addColumn('container_id', 'text', (column) => column.notNull().references('container.id').onDelete('cascade'))
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('container_label_key', ['container_id', 'key'])
    .execute();
}

async function createBlobReference(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('blob_reference')
    .addColumn('container_id', 'text', (column) => column.notNull().references('container.id').onDelete('cascade'))
    .addColumn('digest', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('blob_reference_key', ['container_id', 'digest'])
    .execute();
  await db.schema.createIndex('blob_reference_by_digest').on('blob_reference').columns(['digest']).execute();
}

async function createIdempotencyKey(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('idempotency_key')
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('container_id', 'text', (column) => column.notNull().references('container.id').onDelete('cascade'))
    .addPrimaryKeyConstraint('idempotency_key_key', ['owner', 'key'])
    .execute();
  await db.schema.createIndex('idempotency_key_by_container').on('idempotency_key').columns(['container_id']).execute();
}

async function createSession(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('session')
    .addColumn('token_hash', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'integer', (column) => column.notNull())
    .addColumn('user_digest', 'text', (column) => column.notNull())
    .addColumn('csrf_token', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('session_by_end').on('session').columns(['expires_at']).execute();
}

async function createSetting(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('setting')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}
